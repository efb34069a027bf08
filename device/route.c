/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/route.h"
#include "formats/hello.h"

#define SERVER "provisionserver"

static enum err_code
resolve(const char *name, char out[static ADDR_LEN], struct err *e)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	int rc = getaddrinfo(name, NULL, &hints, &list);

	if (rc == 0)
		rc = getnameinfo(list->ai_addr, list->ai_addrlen, out, ADDR_LEN,
		    NULL, 0, NI_NUMERICHOST);
	if (list != NULL)
		freeaddrinfo(list);
	if (rc != 0)
		return err_set(
		    e, ERR_PEER, "server %s: %s", name, gai_strerror(rc));
	return ERR_OK;
}

enum err_code
route_option(const char *text, struct machine_server *out, struct err *e)
{
	const char *host = text, *colon = strrchr(text, ':');
	size_t n = strlen(text);
	unsigned long v;
	char name[256], *end;

	out->port = 0;
	if (colon != NULL && (text[0] != '[' || colon[-1] == ']')) {
		v = strtoul(colon + 1, &end, 10);
		if (colon[1] == '\0' || *end != '\0' || v == 0 || v > 65535)
			return err_set(
			    e, ERR_USAGE, "--server %s: no port", text);
		out->port = (uint16_t)v;
		n = (size_t)(colon - text);
	}
	if (n > 1 && text[0] == '[' && text[n - 1] == ']') {
		host++;
		n -= 2;
	}
	if (n == 0 || n >= sizeof(name))
		return err_set(e, ERR_USAGE, "--server: no host");
	snprintf(name, sizeof(name), "%.*s", (int)n, host);
	return resolve(name, out->address, e);
}

void
route_find(const struct machine_server *option, const struct record *r,
    struct machine_server *out)
{
	*out = *option;
	if (out->port == 0)
		out->port = r->server_port != 0 ? r->server_port : HELLO_PORT;
	if (out->address[0] == '\0' && get_u32le(r->server_ip) != 0)
		inet_ntop(AF_INET, r->server_ip, out->address, ADDR_LEN);
}

bool
route_name(const struct machine *m, size_t i, char out[static ROUTE_NAME])
{
	const char *suffix = machine_suffix_nth(m, i);

	if (machine_factory(m)->server_fqdn[0] != '\0') {
		snprintf(
		    out, ROUTE_NAME, "%s", machine_factory(m)->server_fqdn);
		return i == 0;
	}
	if (suffix != NULL)
		snprintf(out, ROUTE_NAME, "%s.%s", SERVER, suffix);
	else
		snprintf(out, ROUTE_NAME, "%s", SERVER);
	return suffix != NULL || i == 0;
}
