/* Makes a plain file of a compressed capture: gzip, zstd. */
/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BYPATH_DRIVER_PCAP_UNPACK_H
#define BYPATH_DRIVER_PCAP_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct bp_port;

struct bp_pcap_unpack_in {
	const uint8_t *bytes;
	size_t len; /* left to unpack */
};

/* A compressed format. The build can unpack it, or `missing` says what to install. */
struct bp_pcap_unpack_format {
	const char *name;
	uint8_t magic[4];
	size_t magic_bytes;
	const char *missing; /* NULL: the build can unpack it, and all members below are set */
	void *(*open)(void); /* NULL: no memory */
	/* Unpack from in to out, room > 0. *is_whole: a packed piece ended at what was unpacked last; another
	 * may follow. The number of bytes made, or -1 with a static text in *why. */
	ssize_t (*run)(void *state, struct bp_pcap_unpack_in *in, uint8_t *out, size_t room,
		       bool *is_whole, const char **why);
	void (*close)(void *state);
};

extern const struct bp_pcap_unpack_format bp_pcap_unpack_gzip;
extern const struct bp_pcap_unpack_format bp_pcap_unpack_zstd;

/*
 * A capture in a regular file, opened for reading at its beginning; what is compressed is told by its first
 * bytes, never by its name. A plain file stays as it is. A compressed one is unpacked into a file
 * without a name, in TMPDIR or /var/tmp, which is gone when its descriptor is closed.
 *
 * port        its name and device are for the messages
 * fd          closed, unless it is what is returned
 * is_a_look   the beginning is enough: 256 KiB
 *
 * Control thread; blocks for as long as unpacking takes, SIGINT and SIGTERM end it. A descriptor at offset 0,
 * or -errno (logged, with what to do): -ENOTSUP this build cannot unpack it, -EBADMSG it is damaged or ends
 * early, -EINTR, what open(2), read(2) and write(2) say.
 */
int bp_pcap_unpack(const struct bp_port *port, int fd, bool is_a_look);

#endif
