/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include <pcap.h>

#include "base/pcap.h"

#define SNAP 2048

struct pcap_ear {
	pcap_t *p;
	int fd;
};

static enum err_code
why(pcap_t *p, int rc, const char *interface, struct err *e)
{
	bool denied = rc == PCAP_ERROR_PERM_DENIED ||
	    rc == PCAP_ERROR_PROMISC_PERM_DENIED;

	return err_set(e, denied ? ERR_PERM : ERR_RETRY, "%s: %s: %s",
	    interface, pcap_statustostr(rc), pcap_geterr(p));
}

static enum err_code
listen_to(pcap_t *p, const char *interface, const char *filter, struct err *e)
{
	char words[PCAP_ERRBUF_SIZE] = "";
	struct bpf_program code;
	int rc;

	/* Not promiscuous: only what this host sends and gets. Immediate: a
	 * frame is there when it comes, not when a buffer is full. */
	if ((rc = pcap_set_snaplen(p, SNAP)) != 0 ||
	    (rc = pcap_set_promisc(p, 0)) != 0 ||
	    (rc = pcap_set_immediate_mode(p, 1)) != 0 ||
	    (rc = pcap_activate(p)) < 0)
		return why(p, rc, interface, e);
	if (pcap_setnonblock(p, 1, words) != 0)
		return err_set(e, ERR_RETRY, "%s: %s", interface, words);
	if (pcap_datalink(p) != DLT_EN10MB)
		return err_set(e, ERR_CONFIG,
		    "%s: its frames are not Ethernet's", interface);
	if (pcap_compile(p, &code, filter, 1, PCAP_NETMASK_UNKNOWN) != 0)
		return err_set(
		    e, ERR_BUG, "capture filter: %s", pcap_geterr(p));
	if (pcap_setfilter(p, &code) != 0)
		err_set(e, ERR_RETRY, "%s: %s", interface, pcap_geterr(p));
	pcap_freecode(&code);
	return e->code;
}

enum err_code
pcap_ear_new(const char *interface, const char *filter, struct pcap_ear **out,
    struct err *e)
{
	struct pcap_ear *ear = calloc(1, sizeof(*ear));
	char words[PCAP_ERRBUF_SIZE] = "";

	if (ear == NULL)
		return err_mem(e);
	if ((ear->p = pcap_create(interface, words)) == NULL)
		err_set(e, ERR_RETRY, "%s: %s", interface, words);
	else if (listen_to(ear->p, interface, filter, e) == ERR_OK &&
	    (ear->fd = pcap_get_selectable_fd(ear->p)) == -1)
		err_set(e, ERR_RETRY, "%s: cannot be waited for", interface);
	if (e->code != ERR_OK)
		pcap_ear_free(ear);
	else
		*out = ear;
	return e->code;
}

int
pcap_ear_fd(const struct pcap_ear *ear)
{
	return ear->fd;
}

const uint8_t *
pcap_ear_next(struct pcap_ear *ear, size_t *n, struct err *e)
{
	struct pcap_pkthdr *head;
	const uint8_t *frame;
	int rc;

	while ((rc = pcap_next_ex(ear->p, &head, &frame)) == 1)
		if (head->caplen == head->len) { /* else it was cut */
			*n = head->caplen;
			return frame;
		}
	if (rc != 0)
		err_set(e, ERR_RETRY, "capture: %s", pcap_geterr(ear->p));
	return NULL;
}

enum err_code
pcap_ear_send(struct pcap_ear *ear, const void *frame, size_t n, struct err *e)
{
	if (pcap_inject(ear->p, frame, n) != (int)n)
		return err_set(e, ERR_RETRY, "send: %s", pcap_geterr(ear->p));
	return ERR_OK;
}

void
pcap_ear_free(struct pcap_ear *ear)
{
	if (ear == NULL)
		return;
	if (ear->p != NULL)
		pcap_close(ear->p);
	free(ear);
}
