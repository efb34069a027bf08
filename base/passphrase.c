/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>

#include "base/file.h"
#include "base/passphrase.h"
#include "base/secret.h"
#include "base/text.h"

#define PASS_MAX 1024
#define LINE_FILE_MAX 4096

/* One line from the terminal; the signals that would leave it without echo
 * wait until it is restored. */
static enum err_code
read_line_unseen(FILE *tty, char *line, struct err *e)
{
	struct termios was, quiet;
	sigset_t held, before;
	bool got;

	if (tcgetattr(fileno(tty), &was) == -1)
		return err_sys(e, ERR_IO, "the terminal");
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ECHONL;
	sigemptyset(&held);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGTSTP);
	sigprocmask(SIG_BLOCK, &held, &before);
	tcsetattr(fileno(tty), TCSAFLUSH, &quiet);
	got = fgets(line, PASS_MAX, tty) != NULL;
	tcsetattr(fileno(tty), TCSAFLUSH, &was);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (!got)
		return err_set(e, ERR_NOINPUT, "no passphrase was typed");
	return ERR_OK;
}

static enum err_code
ask_terminal(const char *what, struct secret *s, struct err *e)
{
	char line[PASS_MAX] = "";
	FILE *tty = fopen("/dev/tty", "r+e");

	if (tty == NULL)
		return err_set(e, ERR_NOINPUT,
		    "%s needs a passphrase: there "
		    "is no terminal to ask, so give --pass-file",
		    what);
	setvbuf(tty, NULL, _IONBF, 0);
	fprintf(tty, "Passphrase for %s: ", what);
	if (read_line_unseen(tty, line, e) == ERR_OK)
		secret_set(s, line, strcspn(line, "\n"), e);
	secret_wipe(line, sizeof(line));
	fclose(tty);
	return e->code;
}

enum err_code
passphrase_get(
    const struct cli_args *a, const char *what, struct secret *s, struct err *e)
{
	const char *path = cli_nth(a, "--pass-file", 0);

	if (path == NULL)
		return ask_terminal(what, s, e);
	if (file_read_secret(path, PASS_MAX, s, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < s->len; i++)
		if (s->p[i] == '\n' || s->p[i] == '\r') {
			s->p[i] = '\0'; /* one ends it, for PFX readers */
			s->len = i;
		}
	return ERR_OK;
}

enum err_code
passphrase_line(const char *path, const struct reason *why, char *out,
    size_t room, struct err *e)
{
	struct secret s = { 0 };
	size_t n;

	if (file_read_secret(path, LINE_FILE_MAX, &s, e) != ERR_OK)
		return e->code;
	n = s.len;
	if (n > 0 && s.p[n - 1] == '\n')
		n--;
	if (n > 0 && s.p[n - 1] == '\r')
		n--;
	if (n == 0 || n >= room || !text_printable(s.p, n))
		err_refuse(e, ERR_DATA, why,
		    "%s: a password is one line of at most %zu printable "
		    "ASCII characters",
		    path, room - 1);
	else {
		memcpy(out, s.p, n);
		out[n] = '\0';
	}
	secret_free(&s);
	return e->code;
}
