/* SPDX-License-Identifier: Apache-2.0 */
/* Which disks of a sysfs are sticks, and who holds them: on a tree that looks
 * like /sys, with the paths of real machines. */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "export/stickblock.h"
#include "formats/reason.h"

#define XHCI "/devices/pci0000:00/0000:00:14.0/usb1/"
#define STICK XHCI "1-2/1-2.3/1-2.3:1.0/host6/target6:0:0/6:0:0:0/block/sdb"

struct tree {
	char top[64], sys[128], mountinfo[128], swaps[128];
	struct stickblock_root root;
};

static void
put(const struct tree *t, const char *path, const char *text)
{
	char full[1024], *slash;
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", t->top, path);
	for (slash = full + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		(void)mkdir(full, 0755);
		*slash = '/';
	}
	assert_non_null(f = fopen(full, "w"));
	fputs(text, f);
	fclose(f);
}

/* A disk at this path of sysfs, linked from /sys/block. */
static void
disk(const struct tree *t, const char *path, const char *dev, const char *size)
{
	const char *name = strrchr(path, '/') + 1;
	char file[1024], link[256];

	snprintf(file, sizeof(file), "sys%s/dev", path);
	put(t, file, dev);
	snprintf(file, sizeof(file), "sys%s/size", path);
	put(t, file, size);
	snprintf(file, sizeof(file), "sys%s/holders/", path);
	put(t, "sys/block/.keep", "");
	snprintf(file, sizeof(file), "%s/sys/block/%s", t->top, name);
	snprintf(link, sizeof(link), "..%s", path);
	assert_int_equal(symlink(link, file), 0);
}

static int
setup(void **state)
{
	struct tree *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	snprintf(t->top, sizeof(t->top), "/tmp/stickblock.XXXXXX");
	assert_non_null(mkdtemp(t->top));
	snprintf(t->sys, sizeof(t->sys), "%s/sys", t->top);
	snprintf(t->mountinfo, sizeof(t->mountinfo), "%s/mountinfo", t->top);
	snprintf(t->swaps, sizeof(t->swaps), "%s/swaps", t->top);
	t->root = (struct stickblock_root){ t->sys, t->mountinfo, t->swaps };
	put(t, "mountinfo",
	    "22 1 259:2 / / rw - ext4 /dev/nvme0n1p2 rw\n"
	    "30 22 0:5 / /proc rw - proc proc rw\n");
	put(t, "swaps", "Filename Type Size Used Priority\n");
	disk(t, STICK, "8:16\n", "131072\n");
	put(t, "sys" XHCI "1-2/1-2.3/idVendor", "0781\n");
	put(t, "sys" XHCI "1-2/1-2.3/idProduct", "5567\n");
	put(t, "sys" XHCI "1-2/1-2.3/manufacturer", "Acme  \n");
	put(t, "sys" XHCI "1-2/1-2.3/product", "Bla\033de\n");
	put(t, "sys" XHCI "1-2/1-2.3/serial", "0123\n");
	put(t, "sys" XHCI "1-2/1-2.3/devnum", "9\n");
	put(t, "sys" STICK "/diskseq", "17\n");
	put(t, "sys" STICK "/sdb1/partition", "1\n");
	put(t, "sys" STICK "/sdb1/dev", "8:17\n");
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct tree *t = *state;
	char cmd[128];
	int rc;

	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", t->top);
	rc = system(cmd);
	free(t);
	return rc;
}

/* The one stick of the tree. */
static struct stick_info
only(struct tree *t)
{
	struct stick_list l = { 0 };
	struct stick_info s;
	struct err e;

	err_clear(&e);
	assert_int_equal(stickblock_list(&t->root, &l, &e), ERR_OK);
	assert_int_equal(l.n, 1);
	s = l.at[0];
	sticklist_free(&l);
	return s;
}

static void
a_port_is_read_off_the_path(void **state)
{
	char port[64];

	(void)state;
	assert_true(stickblock_port("/sys" STICK, port, sizeof(port)));
	assert_string_equal(port, "1-2.3");
	assert_true(stickblock_port("/sys/devices/pci0000:00/0000:00:1d.0/usb12"
				    "/12-1/12-1:1.0/host2/block/sdc",
	    port, sizeof(port)));
	assert_string_equal(port, "12-1");
	/* a USB-SATA bridge, also by UAS, is a disk behind USB */
	assert_true(stickblock_port("/sys/devices/platform/vhci_hcd.0/usb3/3-1/"
				    "3-1:1.0/host6/target6:0:0/6:0:0:0/block/"
				    "sdd",
	    port, sizeof(port)));
	assert_string_equal(port, "3-1");
}

static void
other_buses_have_no_port(void **state)
{
	static const char *const paths[] = {
		"/sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/"
		"0:0:0:0/block/sda",
		"/sys/devices/pci0000:00/0000:00:1d.0/0000:3d:00.0/nvme/nvme0/"
		"nvme0n1",
		"/sys/devices/virtual/block/loop0",
		"/sys/devices/virtual/block/usb1/1-2/x",
		"/sys/devices/pci0000:00/0000:00:1a.0/mmc_host/mmc0/mmc0:0001/"
		"block/mmcblk0",
		"/sys/devices/pci0000:00/1-2/1-2:1.0/block/sda", /* no hub */
		"/sys/devices/usbmisc/1-2:1.0/block/sda",
		"/sys/devices/pci0000:00/usb1/1-/1-:1.0/block/sda",
		"/sys/devices/pci0000:00/usb1/1-2/block/sda",
		"",
	};
	char port[64];

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (stickblock_port(paths[i], port, sizeof(port)))
			fail_msg("%s has port %s", paths[i], port);
	assert_false(stickblock_port("/sys" STICK, port, 5)); /* no room */
}

static void
a_stick_is_listed_with_its_facts(void **state)
{
	struct stick_info s = only(*state);

	assert_string_equal(s.port, "1-2.3");
	assert_string_equal(s.node, "/dev/sdb");
	assert_int_equal(s.major, 8);
	assert_int_equal(s.minor, 16);
	assert_int_equal(s.sectors, 131072);
	assert_int_equal(s.diskseq, 17);
	assert_int_equal(s.vid, 0x0781);
	assert_int_equal(s.pid, 0x5567);
	assert_int_equal(s.address, 9);
	assert_string_equal(s.vendor, "Acme");
	assert_string_equal(s.product, "Bla?de"); /* no escapes */
	assert_string_equal(s.serial, "0123");
	assert_string_equal(s.held, "");
	assert_string_equal(s.unfit, "");
	assert_false(s.read_only);
}

static void
disks_that_are_not_behind_usb_are_not_there(void **state)
{
	struct tree *t = *state;

	disk(t,
	    "/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/"
	    "block/sda",
	    "8:0\n", "1000215216\n");
	disk(t, "/devices/virtual/block/loop0", "7:0\n", "131072\n");
	disk(t,
	    "/devices/pci0000:00/0000:00:1d.0/0000:3d:00.0/nvme/nvme0/nvme0n1",
	    "259:0\n", "1000215216\n");
	(void)only(t);
}

static void
held(struct tree *t, const char *why)
{
	struct stick_info s = only(t);
	const struct stick_allow all = { true, true };
	struct stick *stick = NULL;
	struct stick_how how = { STICK_VIA_AUTO, 1000 };
	struct err e;

	assert_string_equal(s.held, why);
	err_clear(&e);
	/* nothing lifts that */
	assert_int_equal(stick_may_use(&s, &all, &e), ERR_PERM);
	assert_ptr_equal(e.reason, reason_get(REASON_STICK_HELD));
	err_clear(&e);
	assert_int_equal(
	    stick_open(&s, STICK_LOOK, &how, &stick, &e), ERR_PERM);
	assert_null(stick);
}

static void
a_mounted_stick_is_held(void **state)
{
	struct tree *t = *state;

	put(t, "mountinfo",
	    "22 1 259:2 / / rw - ext4 /dev/nvme0n1p2 rw\n"
	    "41 22 8:16 / /mnt rw,relatime shared:5 - vfat /dev/sdb rw\n");
	held(t, "mounted at /mnt");
}

static void
a_mounted_partition_holds_its_stick(void **state)
{
	struct tree *t = *state;

	put(t, "mountinfo",
	    "41 22 8:17 / /media/a\\040b rw - vfat /dev/sdb1 rw\n");
	held(t, "mounted at /media/a\\040b");
	/* file systems with device numbers of their own */
	put(t, "mountinfo",
	    "41 22 0:45 /@ /data rw - btrfs /dev/sdb1 rw,subvol=/@\n");
	held(t, "mounted at /data");
}

static void
swap_and_what_lies_on_top_hold_it(void **state)
{
	struct tree *t = *state;

	put(t, "swaps",
	    "Filename Type Size Used Priority\n/dev/sdb1 partition 1 0 -2\n");
	held(t, "swap space (/dev/sdb1)");
	put(t, "swaps", "");
	put(t, "sys" STICK "/sdb1/holders/dm-0/dev", "254:0\n");
	put(t, "sys/block/dm-0/dm/name", "vg-home\n");
	held(t, "part of dm-0, vg-home");
}

static void
an_array_on_the_whole_disk_holds_it(void **state)
{
	struct tree *t = *state;

	put(t, "sys" STICK "/holders/md127/dev", "9:127\n");
	held(t, "part of md127");
}

static void
a_loop_device_holds_it(void **state)
{
	struct tree *t = *state;

	put(t, "sys/block/loop0/loop/backing_file", "/dev/sdb10\n");
	assert_string_equal(only(t).held, "");
	put(t, "sys/block/loop7/loop/backing_file", "/dev/sdb1\n");
	held(t, "/dev/sdb1 is below loop7");
}

static void
lines_of_others_do_not_hold_it(void **state)
{
	static const char *const lines[] = {
		"41 22 8:160 / /mnt rw - vfat /dev/sdk rw",
		"41 22 18:16 / /mnt rw - vfat /dev/x rw",
		"41 22 8:1 / /mnt/8:16 rw - vfat /dev/sda1 rw",
		"41 22 0:40 / /mnt rw - btrfs /dev/sdb16 rw",
		"41 22 0:40 /dev/sdb /mnt rw - tmpfs tmpfs rw",
		"41 22 8:16",
		"",
	};
	const char *where;
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		if (stickblock_mounts(lines[i], 8, 16, "/dev/sdb", &where, &n))
			fail_msg("%s", lines[i]);
}

static void
large_sectors_and_the_read_only_mark_are_seen(void **state)
{
	struct tree *t = *state;
	struct stick_allow none = { 0 };
	struct stick_info s;
	struct err e;

	put(t, "sys" STICK "/ro", "1\n");
	s = only(t);
	err_clear(&e);
	assert_int_equal(stick_may_use(&s, &none, &e), ERR_PERM);
	assert_ptr_equal(e.reason, reason_get(REASON_STICK_READ_ONLY));
	put(t, "sys" STICK "/queue/logical_block_size", "4096\n");
	s = only(t);
	err_clear(&e);
	assert_int_equal(stick_may_use(&s, &none, &e), ERR_PERM);
	assert_ptr_equal(e.reason, reason_get(REASON_STICK_UNFIT));
}

static void
the_window_of_sizes_has_its_ends_inside(void **state)
{
	struct stick_allow none = { 0 }, any = { .any_size = true };
	struct stick_info s = { .sectors = STICK_MIN_BYTES / 512 };
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(stick_may_use(&s, &none, &e), ERR_OK);
	s.sectors--;
	assert_int_equal(stick_may_use(&s, &none, &e), ERR_PERM);
	assert_ptr_equal(e.reason, reason_get(REASON_STICK_SIZE));
	err_clear(&e);
	assert_int_equal(stick_may_use(&s, &any, &e), ERR_OK);
	s.sectors = STICK_MAX_BYTES / 512;
	assert_int_equal(stick_may_use(&s, &none, &e), ERR_OK);
	s.sectors++;
	assert_int_equal(stick_may_use(&s, &none, &e), ERR_PERM);
}

static void
names_of_ports_are_told_from_others(void **state)
{
	static const char *const good[] = { "1-1", "12-3", "1-2.3",
		"1-2.3.10" };
	static const char *const bad[] = { "", "1", "1-", "-1", "1-2.", "1-.2",
		"1-2:1.0", "usb1", "sda", "/dev/sdb", "1-2-3", "1-2 ", "1--2",
		"../1-2" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(sticklist_is_port(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (sticklist_is_port(bad[i]))
			fail_msg("'%s'", bad[i]);
}

static void
a_node_that_is_no_disk_is_not_opened(void **state)
{
	struct stick_info s = { .node = "/dev/null",
		.via = STICK_VIA_BLOCK,
		.major = 8,
		.minor = 16,
		.sysfs = "/sys" STICK };
	struct stick *stick = NULL;
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_not_equal(
	    stickblock_open(&s, STICKBLOCK_READ, &stick, &e), ERR_OK);
	assert_null(stick);
	err_clear(&e);
	strcpy(s.node, "/dev/amtforge-absent");
	assert_int_equal(
	    stickblock_open(&s, STICKBLOCK_READ, &stick, &e), ERR_IO);
	assert_ptr_equal(e.reason, reason_get(REASON_STICK_GONE));
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_port_is_read_off_the_path),
		CASE(other_buses_have_no_port),
		CASE(a_stick_is_listed_with_its_facts),
		CASE(disks_that_are_not_behind_usb_are_not_there),
		CASE(a_mounted_stick_is_held),
		CASE(a_mounted_partition_holds_its_stick),
		CASE(swap_and_what_lies_on_top_hold_it),
		CASE(an_array_on_the_whole_disk_holds_it),
		CASE(a_loop_device_holds_it),
		CASE(lines_of_others_do_not_hold_it),
		CASE(large_sectors_and_the_read_only_mark_are_seen),
		CASE(the_window_of_sizes_has_its_ends_inside),
		CASE(names_of_ports_are_told_from_others),
		CASE(a_node_that_is_no_disk_is_not_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
