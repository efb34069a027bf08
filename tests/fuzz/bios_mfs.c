/* SPDX-License-Identifier: Apache-2.0 */
/* A changed volume never crashes the reader: what it says is stored can be
 * loaded and has its size, and every chunk in use lies in the window. */
#include "bios/mfs.h"
#include "tests/mfsmake.h"
#include "tests/mutate.h"

static void
try(const uint8_t *p, size_t n)
{
	struct mfs m;
	struct err e;
	struct wr w;

	err_clear(&e);
	must(mfs_read(p, n, &m, &e) == ERR_OK);
	must(m.npages ==
	    m.nsystem + m.ndata + m.nscratch + m.nerased + m.nother);
	must(m.good_pages + m.bad_pages == m.nsystem + m.ndata + m.nscratch);
	for (size_t i = 0; i < m.nfaults && i < MFS_FAULTS; i++)
		must(m.fault[i].at <= n && m.fault[i].what != NULL);
	for (size_t i = 0; i < 0x10000; i++)
		must(m.chunk[i] == 0 || m.chunk[i] + MFS_CHUNK + 2 <= n);
	for (size_t id = 0; id < m.nfiles; id++) {
		bool stored = m.file[id].state == MFS_STORED;

		must((m.file[id].state == MFS_BROKEN) ==
		    (m.file[id].why != NULL));
		wr_grow(&w, 0x400000);
		must(mfs_load(&m, id, &w) == stored);
		must(!stored || w.len == m.file[id].size);
		wr_free(&w);
	}
	mfs_free(&m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static uint8_t volume[MM_SIZE], data[300];
	static struct mm mm;

	try(in, len);
	mm_begin(&mm, volume);
	mm_file(&mm, 6, data, sizeof(data));
	mm_file(&mm, 7, data, 64);
	/* The first quarter changes the system area under good checksums. */
	mutate(mm.area, sizeof(mm.area), in, len / 4);
	mm_end(&mm);
	mutate(volume, sizeof(volume), in + len / 4, len - len / 4);
	try(volume, sizeof(volume));
	return 0;
}
