/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libusb-1.0/libusb.h>

#include "base/secret.h"
#include "export/bot.h"
#include "export/stickusb.h"
#include "formats/reason.h"

#define SUBCLASS_SCSI 0x06
#define PROTOCOL_BOT 0x50
#define PROTOCOL_UAS 0x62
#define CONTROL_MS 5000
#define GONE_NS 200000000L
#define DEVICES "/sys/bus/usb/devices/"
#define DEPTH_MAX 7 /* of hubs, USB 3.2 section 4.1 */

/* The Bulk-Only setting of a device. */
struct door {
	int interface, setting;
	uint8_t in, out;
};

/* ---- listing ---- */

static bool
port_of(libusb_device *dev, char *out, size_t room)
{
	uint8_t ports[DEPTH_MAX];
	int n = libusb_get_port_numbers(dev, ports, DEPTH_MAX), at;

	if (n < 1) /* a root hub */
		return false;
	at = snprintf(out, room, "%u-%u", libusb_get_bus_number(dev), ports[0]);
	for (int i = 1; i < n; i++)
		at += snprintf(out + at, room - (size_t)at, ".%u", ports[i]);
	return true;
}

static bool
take_setting(const struct libusb_interface_descriptor *d, struct door *out)
{
	*out = (struct door){ d->bInterfaceNumber, d->bAlternateSetting, 0, 0 };
	for (int i = 0; i < d->bNumEndpoints; i++) {
		const struct libusb_endpoint_descriptor *ep = &d->endpoint[i];

		if ((ep->bmAttributes & LIBUSB_TRANSFER_TYPE_MASK) !=
		    LIBUSB_TRANSFER_TYPE_BULK)
			continue;
		if ((ep->bEndpointAddress & LIBUSB_ENDPOINT_IN) != 0)
			out->in = ep->bEndpointAddress;
		else
			out->out = ep->bEndpointAddress;
	}
	return out->in != 0 && out->out != 0;
}

/* False: no mass storage at all. unfit says why it is not for us, or "". */
static bool
find_door(const struct libusb_config_descriptor *c, struct door *out,
    char *unfit, size_t room)
{
	bool storage = false, uas = false;

	unfit[0] = '\0';
	for (int i = 0; i < c->bNumInterfaces; i++)
		for (int k = 0; k < c->interface[i].num_altsetting; k++) {
			const struct libusb_interface_descriptor *d =
			    &c->interface[i].altsetting[k];

			if (d->bInterfaceClass != LIBUSB_CLASS_MASS_STORAGE)
				continue;
			storage = true;
			uas = uas || d->bInterfaceProtocol == PROTOCOL_UAS;
			if (d->bInterfaceSubClass == SUBCLASS_SCSI &&
			    d->bInterfaceProtocol == PROTOCOL_BOT &&
			    take_setting(d, out))
				return true;
		}
	if (storage)
		snprintf(unfit, room, "%s",
		    uas ? "the device speaks only UAS, not Bulk-Only "
			  "Transport"
			: "the device's kind of mass storage is not "
			  "Bulk-Only SCSI");
	return storage;
}

static enum err_code
one_device(libusb_device *dev, struct stick_list *list, struct err *e)
{
	struct stick_info s = { .via = STICK_VIA_USB };
	struct libusb_config_descriptor *config = NULL;
	struct libusb_device_descriptor d;
	struct door door;
	char dir[128];
	bool storage;

	if (!port_of(dev, s.port, sizeof(s.port)) ||
	    libusb_get_device_descriptor(dev, &d) != 0 ||
	    libusb_get_active_config_descriptor(dev, &config) != 0)
		return ERR_OK;
	storage = find_door(config, &door, s.unfit, sizeof(s.unfit));
	libusb_free_config_descriptor(config);
	if (!storage)
		return ERR_OK;
	s.vid = d.idVendor;
	s.pid = d.idProduct;
	s.bus = libusb_get_bus_number(dev);
	s.address = libusb_get_device_address(dev);
	snprintf(dir, sizeof(dir), DEVICES "%s", s.port);
	sticklist_attr(dir, "manufacturer", s.vendor, sizeof(s.vendor));
	sticklist_attr(dir, "product", s.product, sizeof(s.product));
	sticklist_attr(dir, "serial", s.serial, sizeof(s.serial));
	return sticklist_add(list, &s, e);
}

static enum err_code
start(libusb_context **ctx, struct err *e)
{
	int rc = libusb_init(ctx);

	if (rc == 0)
		return ERR_OK;
	return err_set(e, ERR_IO, "USB cannot be reached by libusb: %s",
	    libusb_strerror(rc));
}

enum err_code
stickusb_list(struct stick_list *list, struct err *e)
{
	libusb_context *ctx = NULL;
	libusb_device **devs = NULL;
	ssize_t n;

	/* A machine without USB has no sticks; that is no failure. */
	if (access("/sys/bus/usb", F_OK) == -1)
		return ERR_OK;
	if (start(&ctx, e) != ERR_OK)
		return e->code;
	n = libusb_get_device_list(ctx, &devs);
	for (ssize_t i = 0; i < n && e->code == ERR_OK; i++)
		one_device(devs[i], list, e);
	if (devs != NULL)
		libusb_free_device_list(devs, 1);
	libusb_exit(ctx);
	return e->code;
}

/* ---- the pipe ---- */

struct usb {
	libusb_context *ctx;
	libusb_device_handle *h;
	struct door door;
	bool claimed, detached;
	unsigned timeout_ms;
	char sysfs[128];
	struct bot_pipe pipe;
	struct bot bot;
};

/* A stick that is being pulled out gives errors of the wire first, and is gone
 * a moment later. */
static enum bot_io
broken(const struct usb *u)
{
	const struct timespec moment = { 0, GONE_NS };

	nanosleep(&moment, NULL);
	return access(u->sysfs, F_OK) == -1 ? BOT_GONE : BOT_BROKEN;
}

static enum bot_io
io_of(const struct usb *u, int rc)
{
	switch (rc) {
	case LIBUSB_SUCCESS:
		return BOT_OK;
	case LIBUSB_ERROR_PIPE:
		return BOT_STALL;
	case LIBUSB_ERROR_TIMEOUT:
		return BOT_TIMEOUT;
	case LIBUSB_ERROR_OVERFLOW:
		return BOT_OVERFLOW;
	case LIBUSB_ERROR_NO_DEVICE:
		return BOT_GONE;
	default:
		return broken(u);
	}
}

static enum bot_io
pipe_bulk(void *arg, bool in, uint8_t *p, size_t n, size_t *moved)
{
	struct usb *u = arg;
	int done = 0;
	int rc = libusb_bulk_transfer(u->h, in ? u->door.in : u->door.out, p,
	    (int)n, &done, u->timeout_ms);

	*moved = done > 0 ? (size_t)done : 0;
	return io_of(u, rc);
}

static enum bot_io
pipe_clear_halt(void *arg, bool in)
{
	struct usb *u = arg;

	return io_of(u, libusb_clear_halt(u->h, in ? u->door.in : u->door.out));
}

static enum bot_io
pipe_request(void *arg, uint8_t request, uint8_t *p, size_t n)
{
	struct usb *u = arg;
	unsigned type = LIBUSB_REQUEST_TYPE_CLASS | LIBUSB_RECIPIENT_INTERFACE |
	    (n > 0 ? (unsigned)LIBUSB_ENDPOINT_IN : 0u);
	int rc = libusb_control_transfer(u->h, (uint8_t)type, request, 0,
	    (uint16_t)u->door.interface, p, (uint16_t)n, CONTROL_MS);

	return rc < 0 ? io_of(u, rc) : (size_t)rc == n ? BOT_OK : BOT_BROKEN;
}

static void
pipe_wait(void *arg, unsigned ms)
{
	const struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };

	(void)arg;
	nanosleep(&t, NULL);
}

/* ---- an open stick ---- */

static enum err_code
usb_read(void *arg, uint64_t lba, void *out, size_t n, struct err *e)
{
	struct usb *u = arg;

	return bot_read(&u->bot, lba, out, n, e);
}

static enum err_code
usb_write(void *arg, uint64_t lba, const void *in, size_t n, struct err *e)
{
	struct usb *u = arg;

	return bot_write(&u->bot, lba, in, n, e);
}

static enum err_code
usb_sync(void *arg, struct err *e)
{
	struct usb *u = arg;

	return bot_sync(&u->bot, e);
}

static void
usb_close(void *arg)
{
	struct usb *u = arg;

	if (u->claimed)
		(void)libusb_release_interface(u->h, u->door.interface);
	if (u->detached)
		(void)libusb_attach_kernel_driver(u->h, u->door.interface);
	if (u->h != NULL)
		libusb_close(u->h);
	if (u->ctx != NULL)
		libusb_exit(u->ctx);
	secret_wipe(&u->bot, sizeof(u->bot));
	free(u);
}

static const struct stick_ops ops = { usb_read, usb_write, usb_sync,
	usb_close };

static enum err_code
usb_err(int rc, const char *what, struct err *e)
{
	switch (rc) {
	case LIBUSB_ERROR_ACCESS:
		return err_refuse(e, ERR_PERM, reason_get(REASON_STICK_ACCESS),
		    "%s: this user may not use the device", what);
	case LIBUSB_ERROR_BUSY:
		return err_refuse(e, ERR_RETRY, reason_get(REASON_STICK_HELD),
		    "%s: another program uses the device", what);
	case LIBUSB_ERROR_NO_DEVICE:
	case LIBUSB_ERROR_NOT_FOUND:
		return err_refuse(e, ERR_IO, reason_get(REASON_STICK_GONE),
		    "%s: the stick was pulled out", what);
	default:
		return err_refuse(e, ERR_IO, reason_get(REASON_STICK_FAILED),
		    "%s: %s", what, libusb_strerror(rc));
	}
}

/* The device at the port, if it is still the one that was listed. */
static enum err_code
open_device(struct usb *u, const struct stick_info *s, struct err *e)
{
	struct libusb_device_descriptor d;
	libusb_device **devs = NULL, *dev = NULL;
	ssize_t n = libusb_get_device_list(u->ctx, &devs);
	char port[64];
	int rc;

	for (ssize_t i = 0; i < n; i++)
		if (port_of(devs[i], port, sizeof(port)) &&
		    strcmp(port, s->port) == 0)
			dev = devs[i];
	if (dev == NULL || libusb_get_device_descriptor(dev, &d) != 0)
		usb_err(LIBUSB_ERROR_NO_DEVICE, "open", e);
	else if (d.idVendor != s->vid || d.idProduct != s->pid ||
	    libusb_get_device_address(dev) != s->address)
		err_refuse(e, ERR_RETRY, reason_get(REASON_STICK_CHANGED),
		    "another device than was listed is at this port");
	else if ((rc = libusb_open(dev, &u->h)) != 0)
		usb_err(rc, "open", e);
	if (devs != NULL)
		libusb_free_device_list(devs, 1);
	return e->code;
}

static enum err_code
claim(struct usb *u, struct err *e)
{
	struct libusb_config_descriptor *config = NULL;
	char unfit[128] = "no mass storage";
	bool fit = false;
	int rc;

	rc = libusb_get_active_config_descriptor(
	    libusb_get_device(u->h), &config);
	if (rc != 0)
		return usb_err(rc, "configuration", e);
	fit = find_door(config, &u->door, unfit, sizeof(unfit)) &&
	    unfit[0] == '\0';
	libusb_free_config_descriptor(config);
	if (!fit)
		return err_refuse(
		    e, ERR_PERM, reason_get(REASON_STICK_UNFIT), "%s", unfit);
	if (libusb_kernel_driver_active(u->h, u->door.interface) == 1) {
		rc = libusb_detach_kernel_driver(u->h, u->door.interface);
		if (rc != 0 && rc != LIBUSB_ERROR_NOT_FOUND)
			return usb_err(rc, "detaching the kernel driver", e);
		u->detached = rc == 0;
	}
	if ((rc = libusb_claim_interface(u->h, u->door.interface)) != 0)
		return usb_err(rc, "claim", e);
	u->claimed = true;
	/* A UAS stick of two settings was in the other one. */
	if (u->door.setting != 0 &&
	    (rc = libusb_set_interface_alt_setting(
		 u->h, u->door.interface, u->door.setting)) != 0)
		return usb_err(rc, "setting", e);
	return ERR_OK;
}

static void
adopt(struct stick *s, const struct bot *b)
{
	s->info.sectors = b->sectors;
	s->info.read_only = s->info.read_only || b->read_only;
	if (s->info.vendor[0] == '\0')
		strcpy(s->info.vendor, b->vendor);
	if (s->info.product[0] == '\0')
		strcpy(s->info.product, b->product);
}

enum err_code
stickusb_open(const struct stick_info *info, unsigned timeout_ms,
    struct stick **out, struct err *e)
{
	struct stick *s = calloc(1, sizeof(*s));
	struct usb *u = calloc(1, sizeof(*u));

	if (s == NULL || u == NULL) {
		free(s);
		free(u);
		return err_mem(e);
	}
	u->timeout_ms = timeout_ms;
	snprintf(u->sysfs, sizeof(u->sysfs), DEVICES "%s", info->port);
	u->pipe = (struct bot_pipe){ pipe_bulk, pipe_clear_halt, pipe_request,
		pipe_wait, u };
	if (start(&u->ctx, e) != ERR_OK || open_device(u, info, e) != ERR_OK ||
	    claim(u, e) != ERR_OK || bot_open(&u->bot, &u->pipe, e) != ERR_OK) {
		usb_close(u);
		free(s);
		return e->code;
	}
	s->info = *info;
	adopt(s, &u->bot);
	s->ops = &ops;
	s->arg = u;
	*out = s;
	return ERR_OK;
}
