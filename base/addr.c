/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/addr.h"

enum err_code
addr_parse(const char *text, uint16_t port, struct sockaddr_storage *ss,
    socklen_t *len, struct err *e)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons(port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(port) };

	memset(ss, 0, sizeof(*ss));
	if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
		memcpy(ss, &in, *len = sizeof(in));
		return ERR_OK;
	}
	if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1) {
		memcpy(ss, &in6, *len = sizeof(in6));
		return ERR_OK;
	}
	return err_set(e, ERR_USAGE, "'%s' is not a numeric address", text);
}

void
addr_text(const struct sockaddr_storage *ss, char out[static ADDR_LEN],
    uint16_t *port)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	out[0] = '\0';
	*port = 0;
	if (ss->ss_family == AF_INET) {
		memcpy(&in, ss, sizeof(in));
		inet_ntop(AF_INET, &in.sin_addr, out, ADDR_LEN);
		*port = ntohs(in.sin_port);
	} else if (ss->ss_family == AF_INET6) {
		memcpy(&in6, ss, sizeof(in6));
		inet_ntop(AF_INET6, &in6.sin6_addr, out, ADDR_LEN);
		*port = ntohs(in6.sin6_port);
	}
}

bool
addr_is_loopback(const char *text)
{
	static const char mapped[] = "::ffff:"; /* by a listener on :: */
	struct in6_addr in6;
	struct in_addr in;

	if (strncmp(text, mapped, sizeof(mapped) - 1) == 0)
		text += sizeof(mapped) - 1;
	if (inet_pton(AF_INET, text, &in) == 1)
		return ntohl(in.s_addr) >> 24 == IN_LOOPBACKNET;
	return inet_pton(AF_INET6, text, &in6) == 1 &&
	    IN6_IS_ADDR_LOOPBACK(&in6);
}

void
addr_local(int fd, char out[static ADDR_LEN], uint16_t *port)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len) == 0)
		addr_text(&ss, out, port);
}

void
addr_remote(int fd, char out[static ADDR_LEN], uint16_t *port)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof(ss);

	if (getpeername(fd, (struct sockaddr *)&ss, &len) == 0)
		addr_text(&ss, out, port);
}
