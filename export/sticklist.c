/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "export/sticklist.h"
#include "formats/reason.h"

#define DEVICES "/sys/bus/usb/devices"

bool
sticklist_is_port(const char *s)
{
	size_t n = strspn(s, "0123456789");

	if (n == 0 || s[n] != '-' || strlen(s) >= 64)
		return false;
	do {
		s += n + 1;
		if ((n = strspn(s, "0123456789")) == 0)
			return false;
	} while (s[n] == '.');
	return s[n] == '\0';
}

void
sticklist_attr(const char *dir, const char *name, char *out, size_t room)
{
	char path[1024];
	ssize_t n;
	int fd;

	out[0] = '\0';
	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >=
		(int)sizeof(path) ||
	    (fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return;
	n = read(fd, out, room - 1);
	close(fd);
	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	for (n = 0; out[n] != '\0'; n++)
		if (out[n] < 0x20 || out[n] > 0x7e)
			out[n] = '?';
	while (n > 0 && out[n - 1] == ' ')
		out[--n] = '\0';
}

enum err_code
sticklist_add(struct stick_list *l, const struct stick_info *s, struct err *e)
{
	if (l->n == l->room) {
		size_t room = l->room == 0 ? 16 : 2 * l->room;
		struct stick_info *more = reallocarray(l->at, room, sizeof(*s));

		if (more == NULL)
			return err_mem(e);
		l->at = more;
		l->room = room;
	}
	l->at[l->n++] = *s;
	return ERR_OK;
}

void
sticklist_free(struct stick_list *l)
{
	free(l->at);
	*l = (struct stick_list){ 0 };
}

/* A root hub is an entry too. */
static bool
has_usb(void)
{
	DIR *dir = opendir(DEVICES);
	struct dirent *entry;
	bool some = false;

	if (dir == NULL)
		return false;
	while (!some && (entry = readdir(dir)) != NULL)
		some = entry->d_name[0] != '.';
	closedir(dir);
	return some;
}

const char *
sticklist_none(const struct stick_list *l)
{
	if (!has_usb())
		return "this machine shows no USB at all: " DEVICES
		       " has no entries (a container or a guest has those "
		       "that it is given)";
	if (l->via == STICK_VIA_BLOCK)
		return "the kernel shows no USB disk; --via auto asks libusb "
		       "too";
	if (l->via == STICK_VIA_USB)
		return "libusb shows no USB disk; --via auto asks the kernel "
		       "too";
	return "no USB disk is plugged in";
}

enum err_code
sticklist_find(const struct stick_list *l, const char *port,
    const struct stick_info **out, struct err *e)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->at[i].port, port) == 0) {
			*out = &l->at[i];
			return ERR_OK;
		}
	return err_refuse(e, ERR_NOINPUT, reason_get(REASON_STICK_ABSENT),
	    "no USB disk is at this port%s%s", l->n == 0 ? ": " : "",
	    l->n == 0 ? sticklist_none(l) : "");
}
