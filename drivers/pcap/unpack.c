/* Makes a plain file of a compressed capture: what is common to the formats. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "unpack.h"

#include "bypath/log.h"
#include "bypath/port.h"

#include "core/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE_BYTES (256u * 1024)

static const struct bp_pcap_unpack_format *const formats[] = { &bp_pcap_unpack_gzip,
							       &bp_pcap_unpack_zstd };

struct unpacking {
	const struct bp_pcap_unpack_format *format;
	void *state;
	int from, to;
	bool is_a_look;
	const char *why; /* NULL: strerror() says it */
	uint8_t packed[PIECE_BYTES], plain[PIECE_BYTES];
};

static const struct bp_pcap_unpack_format *find_format(int fd)
{
	uint8_t head[4];
	ssize_t n = pread(fd, head, sizeof(head), 0);

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (n >= (ssize_t)formats[i]->magic_bytes &&
		    !memcmp(head, formats[i]->magic, formats[i]->magic_bytes))
			return formats[i];
	return NULL;
}

static const char *folder(void)
{
	const char *dir = secure_getenv("TMPDIR");

	return dir && dir[0] ? dir : "/var/tmp";
}

static int write_all(int fd, const uint8_t *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0)
			return -errno;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Unpack one piece of the compressed file. Returns 1 when a look has seen enough, 0 to go on, or
 * -errno. */
static int unpack_piece(struct unpacking *u, size_t n_bytes, bool *is_whole)
{
	struct bp_pcap_unpack_in in = { u->packed, n_bytes };
	ssize_t n;
	int err;

	do {
		n = u->format->run(u->state, &in, u->plain, sizeof(u->plain), is_whole, &u->why);
		if (n < 0)
			return -EBADMSG;
		err = write_all(u->to, u->plain, (size_t)n);
		if (err || u->is_a_look)
			return err ? err : 1;
		if (bp_outlet_is_urgent())
			return -EINTR;
	} while (in.len || n == (ssize_t)sizeof(u->plain));
	return 0;
}

static int unpack_all(struct unpacking *u)
{
	bool is_whole = false;
	ssize_t n;
	int ret = 0;

	while (!ret) {
		n = read(u->from, u->packed, sizeof(u->packed));
		if (n < 0)
			return -errno;
		if (!n)
			break;
		ret = unpack_piece(u, (size_t)n, &is_whole);
	}
	if (!ret && !is_whole) {
		u->why = "it ends early";
		return -EBADMSG;
	}
	return ret < 0 ? ret : 0;
}

static int unpack_into(struct unpacking *u)
{
	int err;

	u->state = u->format->open();
	if (!u->state)
		return -ENOMEM;
	u->to = open(folder(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	err = u->to < 0 ? -errno : unpack_all(u);
	if (!err && lseek(u->to, 0, SEEK_SET) < 0)
		err = -errno;
	u->format->close(u->state);
	return err;
}

static void say_why(const struct bp_port *port, const struct unpacking *u, int err)
{
	const char *name = port->conf->name, *path = port->conf->device;

	if (err == -EBADMSG)
		bp_log(BP_LOG_ERROR, "port %s: cannot unpack %s (%s): %s: fetch it again", name,
		       path, u->format->name, u->why);
	else if (err == -EINTR)
		bp_log(BP_LOG_ERROR, "port %s: a signal ended the unpacking of %s", name, path);
	else
		bp_log(BP_LOG_ERROR,
		       "port %s: cannot unpack %s (%s) into a file in %s: %s: set TMPDIR to a folder with "
		       "room for it, or unpack it first",
		       name, path, u->format->name, folder(), strerror(-err));
}

int bp_pcap_unpack(const struct bp_port *port, int fd, bool is_a_look)
{
	const struct bp_pcap_unpack_format *format = find_format(fd);
	struct unpacking *u;
	int err, to;

	if (!format)
		return fd;
	if (format->missing) {
		bp_log(BP_LOG_ERROR,
		       "port %s: %s is compressed by %s, which this build cannot unpack: %s, or unpack "
		       "the capture first",
		       port->conf->name, port->conf->device, format->name, format->missing);
		close(fd);
		return -ENOTSUP;
	}
	u = calloc(1, sizeof(*u));
	if (!u) {
		close(fd);
		return -ENOMEM;
	}
	u->format = format;
	u->from = fd;
	u->to = -1;
	u->is_a_look = is_a_look;
	err = unpack_into(u);
	if (err) {
		say_why(port, u, err);
		if (u->to >= 0)
			close(u->to);
	}
	to = u->to;
	free(u);
	close(fd);
	return err ? err : to;
}
