/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "base/netif.h"

static int
control(void)
{
	return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static void
named(const struct netif *n, struct ifreq *r)
{
	memset(r, 0, sizeof(*r));
	memcpy(r->ifr_name, n->name, sizeof(n->name));
}

/* In sysfs, for each wireless driver of today and of yesterday. */
static bool
is_wireless(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/class/net/%s/wireless", name);
	if (access(path, F_OK) == 0)
		return true;
	snprintf(path, sizeof(path), "/sys/class/net/%s/phy80211", name);
	return access(path, F_OK) == 0;
}

enum err_code
netif_find(const char *name, struct netif *n, struct err *e)
{
	struct ifreq r;
	int fd;

	memset(n, 0, sizeof(*n));
	if (strlen(name) >= sizeof(n->name) || strchr(name, '/') != NULL ||
	    (n->index = if_nametoindex(name)) == 0)
		return err_set(
		    e, ERR_NOINPUT, "%s: no such network interface", name);
	snprintf(n->name, sizeof(n->name), "%s", name);
	if ((fd = control()) == -1)
		return err_sys(e, ERR_RETRY, "socket");
	named(n, &r);
	if (ioctl(fd, SIOCGIFHWADDR, &r) == -1) {
		err_sys(e, ERR_NOINPUT, "%s", name);
	} else {
		n->ethernet = r.ifr_hwaddr.sa_family == ARPHRD_ETHER;
		memcpy(n->mac, r.ifr_hwaddr.sa_data, sizeof(n->mac));
		n->wireless = is_wireless(name);
	}
	close(fd);
	return e->code;
}

bool
netif_has_carrier(const struct netif *n)
{
	struct ifreq r;
	int fd = control();
	bool up;

	if (fd == -1)
		return false;
	named(n, &r);
	up = ioctl(fd, SIOCGIFFLAGS, &r) == 0 && (r.ifr_flags & IFF_UP) != 0 &&
	    (r.ifr_flags & IFF_RUNNING) != 0;
	close(fd);
	return up;
}

static bool
is_local(const struct sockaddr_in6 *a)
{
	return IN6_IS_ADDR_LINKLOCAL(&a->sin6_addr) ||
	    IN6_IS_ADDR_LOOPBACK(&a->sin6_addr);
}

static void
take_address(const struct sockaddr *sa, char out[static NETIF_ADDR])
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		inet_ntop(AF_INET, &in.sin_addr, out, NETIF_ADDR);
	} else if (sa->sa_family == AF_INET6 && out[0] == '\0') {
		memcpy(&in6, sa, sizeof(in6));
		if (!is_local(&in6))
			inet_ntop(AF_INET6, &in6.sin6_addr, out, NETIF_ADDR);
	}
}

void
netif_address(const struct netif *n, char out[static NETIF_ADDR])
{
	struct ifaddrs *list = NULL;

	out[0] = '\0';
	if (getifaddrs(&list) != 0)
		return;
	for (struct ifaddrs *a = list; a != NULL; a = a->ifa_next) {
		if (a->ifa_addr == NULL || strcmp(a->ifa_name, n->name) != 0)
			continue;
		take_address(a->ifa_addr, out);
		if (a->ifa_addr->sa_family == AF_INET)
			break;
	}
	freeifaddrs(list);
}

enum err_code
netif_changes(int *out, struct err *e)
{
	const struct sockaddr_nl sa = { .nl_family = AF_NETLINK,
		.nl_groups =
		    RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR };
	int fd;

	fd = socket(
	    AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (fd == -1)
		return err_sys(e, ERR_RETRY, "netlink");
	if (bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) == -1) {
		err_sys(e, ERR_RETRY, "netlink");
		close(fd);
		return e->code;
	}
	*out = fd;
	return ERR_OK;
}

/* What changed is looked up afterwards: messages may be lost, states not. */
void
netif_changes_drain(int fd)
{
	char waste[4096];

	while (recv(fd, waste, sizeof(waste), MSG_DONTWAIT) > 0 ||
	    errno == ENOBUFS)
		continue;
}

/* Giving an address. */

static void
put_in(struct sockaddr *out, const uint8_t a[4])
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	memcpy(&in.sin_addr, a, 4);
	memcpy(out, &in, sizeof(in));
}

static enum err_code
why(const struct netif *n, const char *what, struct err *e)
{
	return err_sys(e,
	    errno == EPERM || errno == EACCES ? ERR_PERM : ERR_RETRY, "%s: %s",
	    n->name, what);
}

static enum err_code
add_route(int fd, const struct netif *n, const uint8_t router[4], struct err *e)
{
	static const uint8_t none[4] = { 0 };
	char name[NETIF_NAME];
	struct rtentry rt;

	memset(&rt, 0, sizeof(rt));
	memcpy(name, n->name, sizeof(name));
	rt.rt_dev = name;
	rt.rt_flags = RTF_UP | RTF_GATEWAY;
	put_in(&rt.rt_dst, none);
	put_in(&rt.rt_genmask, none);
	put_in(&rt.rt_gateway, router);
	if (ioctl(fd, SIOCADDRT, &rt) == -1 && errno != EEXIST)
		why(n, "default route", e);
	return e->code;
}

enum err_code
netif_set_address(const struct netif *n, const uint8_t address[4],
    const uint8_t mask[4], const uint8_t router[4], struct err *e)
{
	static const uint8_t none[4] = { 0 };
	int fd = control();
	struct ifreq r;

	if (fd == -1)
		return err_sys(e, ERR_RETRY, "socket");
	named(n, &r);
	put_in(&r.ifr_addr, address);
	if (ioctl(fd, SIOCSIFADDR, &r) == -1)
		why(n, "address", e);
	if (e->code == ERR_OK && memcmp(mask, none, 4) != 0) {
		put_in(&r.ifr_netmask, mask);
		if (ioctl(fd, SIOCSIFNETMASK, &r) == -1)
			why(n, "netmask", e);
	}
	if (e->code == ERR_OK && memcmp(router, none, 4) != 0)
		add_route(fd, n, router, e);
	close(fd);
	return e->code;
}

enum err_code
netif_clear_address(const struct netif *n, struct err *e)
{
	static const uint8_t none[4] = { 0 };
	int fd = control();
	struct ifreq r;

	if (fd == -1)
		return err_sys(e, ERR_RETRY, "socket");
	named(n, &r);
	put_in(&r.ifr_addr, none);
	if (ioctl(fd, SIOCSIFADDR, &r) == -1 && errno != EADDRNOTAVAIL)
		why(n, "address", e);
	close(fd);
	return e->code;
}
