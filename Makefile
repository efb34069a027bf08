# SPDX-License-Identifier: Apache-2.0
# amtforge. See README.md for what to run; this file lists the knobs.
#
#   make [MODE=release|asan|cov|fuzz]   build into build/MODE (programs: bin/)
#   make check | demo | lint | interop | fuzz | fault | bench | clean
#   make install | uninstall PREFIX=/usr/local DESTDIR=
#   V=1 shows commands

MODE	?= release
PREFIX	?= /usr/local
DESTDIR	?=
O	:= build/$(MODE)

# Rooms, lowest first: a room links against those before it.
ROOMS	:= base formats bios export factory server device agent
# What a program is linked of, highest first: what its room may include.
PARTS_factory := factory export bios formats base
PARTS_server := server formats base
PARTS_device := device bios formats base
PARTS_agent := agent formats base
# program:room that holds its main.c
PROGRAMS := amtforge:factory amtforge-server:server amtforge-device:device \
	   amtforge-agent:agent

PKGS	:= libssl libcrypto zlib libconfig libevent_core libevent_extra \
	   libevent_openssl expat sqlite3 libseccomp jansson \
	   libusb-1.0 libpcap cairo

CC	?= cc
# A compiler's heap, or a linter's, in huge pages: some 7 % of its time.
HUGE	:= GLIBC_TUNABLES=glibc.malloc.hugetlb=1
WARN	:= -Wall -Wextra -Werror -Wshadow -Wcast-qual -Wconversion \
	   -Wsign-conversion -Wstrict-prototypes -Wmissing-prototypes \
	   -Wwrite-strings -Wvla -Wframe-larger-than=8192
HARDEN	:= -fstack-protector-strong -fPIE
# The EFI file's linker takes half the time of the usual one.
LDFLAGS_ALL := -fuse-ld=lld -pie -Wl,-z,relro,-z,now -Wl,--as-needed

FLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2
# Lines are all that a report tells; what needs no relocation starts sooner.
FLAGS_asan := -O1 -g1 -fsanitize=address,undefined -fno-sanitize-recover=all \
	   -fno-omit-frame-pointer -fno-pie
LDFLAGS_asan := -no-pie -static-libasan -static-libubsan
FLAGS_cov := -O0 -g --coverage
FLAGS_fuzz := -O1 -g1 -fsanitize=fuzzer-no-link,address,undefined \
	   -fno-sanitize-recover=all
ifeq ($(MODE),fuzz)
CC	:= clang
endif
ifneq ($(filter asan fuzz,$(MODE)),)
# Sanitizers need larger frames than the product may have.
WARN	:= $(filter-out -Wframe-larger-than=%,$(WARN))
endif

VERSION	:= 0.1.0
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
# libzint brings no .pc file.
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lzint
CPPFLAGS_ALL = -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -I. $(CPPFLAGS)
CFLAGS_ALL = -std=c11 $(WARN) $(HARDEN) $(FLAGS_$(MODE)) $(PKG_CFLAGS) $(CFLAGS)
LINK	= $(CC) $(FLAGS_$(MODE)) $(LDFLAGS_ALL) $(LDFLAGS_$(MODE)) $(LDFLAGS)

ifeq ($(V),)
Q	:= @
say	= @printf '  %-7s %s\n' $(1) $(2)
else
Q	:=
say	= @:
endif

srcs	= $(wildcard $(1)/*.c)
objs	= $(patsubst %.c,$(O)/obj/%.o,$(filter-out $(1)/main.c,$(call srcs,$(1))))
lib	= $(O)/lib/$(1).a
# Highest first, as a static linker wants them; only rooms that have sources.
LIBS	:= $(foreach r,agent device server factory export bios formats base,\
	   $(if $(filter-out $(r)/main.c,$(call srcs,$(r))),$(call lib,$(r))))
BINS	:= $(foreach p,$(PROGRAMS),$(if $(wildcard \
	   $(lastword $(subst :, ,$(p)))/main.c),\
	   $(O)/bin/$(firstword $(subst :, ,$(p)))))

UNITS	:= $(patsubst tests/unit/%.c,$(O)/unit/%,$(call srcs,tests/unit))
FUZZERS	:= $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(call srcs,tests/fuzz))
# Hardware that tests need, where its library is installed.
FAKES	:= $(if $(shell pkg-config --exists umockdev-1.0 && echo yes),\
	   $(patsubst tests/fakes/%.c,$(O)/fakes/%,$(call srcs,tests/fakes)))
FAKES	:= $(filter-out $(O)/fakes/peer,$(FAKES)) $(O)/fakes/peer
BENCHES	:= $(patsubst tests/bench/%.c,$(O)/bench/%,$(call srcs,tests/bench))

# The UEFI application: the shared sources below, unchanged, and bios/uefi/,
# built freestanding for firmware. The same in every MODE.
EFI	:= $(O)/efi/amtforge-onetouch.efi
EFI_CC	?= clang
EFI_LD	?= lld-link
EFI_SRCS := $(addprefix base/,bytes.c digest.c digestcore.c err.c text.c) \
	   $(addprefix formats/,fat.c generation.c hashlist.c onetouch.c passwd.c psk.c \
	   reason.c reasonfactory.c reasonkey.c reasonsetup.c record.c recordview.c \
	   setupbin.c setupvar.c uuid.c) bios/smbios.c \
	   $(call srcs,bios/uefi)
EFI_OBJS := $(EFI_SRCS:%.c=$(O)/efi/obj/%.o)
# The linker too is missed before the first file is compiled.
EFI_TOOLS = @for tool in $(firstword $(EFI_CC)) $(firstword $(EFI_LD)); do \
	   command -v $$tool >/dev/null || { echo \
	   "no $$tool: ./quickstart deps build installs it" >&2; exit 1; }; done
# A frame above 4 KiB would call for a stack probe that firmware has not.
EFI_CFLAGS := -target x86_64-unknown-windows -std=c11 -ffreestanding \
	   -fno-builtin -fno-stack-protector -fshort-wchar -mno-red-zone \
	   -nostdlibinc -ffunction-sections -fdata-sections -O2 \
	   $(filter-out -Wframe-larger-than=%,$(WARN)) \
	   -Wframe-larger-than=4096 -DVERSION='"$(VERSION)"' \
	   -I. -Ibios/uefi/include
EFI_LDFLAGS := /subsystem:efi_application /entry:efi_main /nodefaultlib \
	   /Brepro /opt:ref,icf

# The record's reader as one source file, for a BIOS.
READER	:= $(O)/share/amtforge-record-reader

.PHONY: all libs units fuzzers fakes benches efi recordreader
all: $(BINS) efi recordreader
efi: $(EFI)
recordreader: $(READER).c
libs: $(LIBS)
units: $(UNITS)
fuzzers: $(FUZZERS)
fakes: $(FAKES)
benches: $(BENCHES)

$(O)/obj/%.o: %.c Makefile
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(HUGE) $(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

define room_rules
$(call lib,$(1)): $(call objs,$(1))
	$$(call say,AR,$$@)
	@mkdir -p $$(@D) && rm -f $$@
	$$(Q)ar rcsD $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room_rules,$(r))))

define program_rules
$(O)/bin/$(1): $(O)/obj/$(2)/main.o $(foreach r,$(PARTS_$(2)),$(call lib,$(r)))
	$$(call say,LD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(LINK) -o $$@ $$^ $(PKG_LIBS)
endef
$(foreach p,$(PROGRAMS),$(eval $(call program_rules,$(firstword \
	$(subst :, ,$(p))),$(lastword $(subst :, ,$(p))))))

$(O)/efi/obj/%.o: %.c Makefile
	$(EFI_TOOLS)
	$(call say,EFICC,$<)
	@mkdir -p $(@D)
	$(Q)$(EFI_CC) $(EFI_CFLAGS) -MMD -MP -c -o $@ $<

# Objects in one order: two builds are equal.
$(EFI): $(EFI_OBJS)
	$(EFI_TOOLS)
	$(call say,EFILD,$@)
	$(Q)$(EFI_LD) $(EFI_LDFLAGS) /out:$@ $(EFI_OBJS)

$(READER).c $(READER).h &: formats/recordreader.sh formats/recordview.c \
	   formats/recordview.h base/digestcore.c base/digestcore.h
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)formats/recordreader.sh $(@D)

# Tests of that very file include it.
READERS := $(O)/obj/tests/unit/formats_recordview.o \
	   $(O)/obj/tests/fuzz/formats_recordview.o
$(READERS): $(READER).c
$(READERS): CPPFLAGS_ALL += -I$(O)/share

# Firmware code that a test runs on this machine, in a firmware of its own.
$(O)/unit/bios_uefi: WITH := $(patsubst %.c,$(O)/obj/%.o,\
	   $(filter-out bios/uefi/libc.c,$(call srcs,bios/uefi)))
$(O)/unit/bios_uefi: $(patsubst %.c,$(O)/obj/%.o,\
	   $(filter-out bios/uefi/libc.c,$(call srcs,bios/uefi)))

$(O)/unit/%: $(O)/obj/tests/unit/%.o $(LIBS)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $(WITH) $(filter-out $(WITH),$^) $(PKG_LIBS) -lcmocka

$(O)/bench/%: $(O)/obj/tests/bench/%.o $(LIBS)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS)

# A harness takes these calls of the product itself.
$(O)/fuzz/device_visit: WRAP := rand_bytes $(addprefix conn_,send finish \
	   close idle tls)
$(O)/fuzz/device_meiport: WRAP := hostif_answer listener_new_unix \
	   listener_free $(addprefix conn_,send finish close idle)

$(O)/fuzz/%: $(O)/obj/tests/fuzz/%.o $(LIBS)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -fsanitize=fuzzer \
	    $(addprefix -Xlinker --wrap=,$(WRAP)) -o $@ $^ $(PKG_LIBS)

ifeq ($(MODE),asan)
# What makes a sanitized process cheaper: see there.
$(BINS) $(UNITS) $(BENCHES) $(O)/fakes/peer: $(O)/obj/tests/asan.o
endif

# Never with sanitizers: umockdev's library must come first.
$(O)/fakes/%: tests/fakes/%.c
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -O2 -o $@ $< \
	    $(shell pkg-config --cflags --libs umockdev-1.0)

# Not hardware: what answers the server on the network.
$(O)/fakes/peer: $(O)/obj/tests/fakes/peer.o $(LIBS)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS) -lcmocka

$(O)/fault/%.so: tests/fault/%.c
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE $(WARN) -O2 -fPIC -shared -o $@ $<

.PHONY: check demo lint interop fuzz fault bench install uninstall clean
check: all units fakes
	$(Q)tests/run.sh $(O) unit cli

interop: all units fakes
	$(Q)tests/run.sh $(O) interop

# SECONDS_EACH bounds each harness.
fuzz:
	$(Q)$(MAKE) --no-print-directory MODE=fuzz fuzzers
	$(Q)tests/fuzz/run.sh build/fuzz $(or $(SECONDS_EACH),20)

fault: all fakes $(O)/fault/shim.so
	$(Q)tests/run.sh $(O) fault

bench: all benches
	$(Q)tests/bench/run.sh $(O)

demo: all
	$(Q)tests/demo.sh $(O)

lint: all libs
	$(Q)$(HUGE) tests/lint/run.sh $(O)

# What lands under PREFIX; an install is a copy, never a build step.
SHARE	:= $(DESTDIR)$(PREFIX)/share
FIRMWARE := $(DESTDIR)$(PREFIX)/lib/amtforge
MANS	:= $(wildcard man/*.[1-8])
CONFIGS	:= $(wildcard configs/*)
COMPLETION := amtforge amtforge-server amtforge-device amtforge-agent
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(FIRMWARE) $(SHARE)/amtforge \
	    $(SHARE)/bash-completion/completions
	install -m 755 $(BINS) $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(EFI) $(FIRMWARE)
	install -m 644 $(CONFIGS) $(READER).c $(READER).h $(SHARE)/amtforge
	@echo "install man/* in $(SHARE)/man"
	@for m in $(MANS); do install -D -m 644 $$m \
	    $(SHARE)/man/man$${m##*.}/$${m##*/} || exit 1; done
	@echo "install completion in $(SHARE)/bash-completion/completions"
	@for c in $(COMPLETION); do install -m 644 completion/amtforge.bash \
	    $(SHARE)/bash-completion/completions/$$c || exit 1; done

# Folders that are empty then go too; PREFIX and those above it stay.
uninstall:
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,$(notdir $(BINS)))
	@echo "remove man pages and folders that are empty"
	@for m in $(MANS); do rm -f $(SHARE)/man/man$${m##*.}/$${m##*/}; done
	rm -f $(addprefix $(SHARE)/bash-completion/completions/,$(COMPLETION))
	rm -rf $(SHARE)/amtforge $(FIRMWARE)
	@for d in share/bash-completion/completions share/bash-completion \
	    share/man/man* share/man share lib bin; do \
		rmdir $(DESTDIR)$(PREFIX)/$$d 2>/dev/null || :; done

clean:
	rm -rf build

-include $(shell [ -d $(O) ] && find $(O)/obj $(O)/efi -name '*.d' 2>/dev/null)
.SECONDARY:
.DELETE_ON_ERROR:
