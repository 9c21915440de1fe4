/* A capture in a file, read record by record through libpcap. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libpcap reads through stdio. The stream under it is ours (fopencookie), so each read() of the kernel
 * is counted with its time.
 */
#include "capture.h"
#include "unpack.h"

#include "bypath/log.h"

#include "core/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_BYTES (256u * 1024)

/* ---- the stream ------------------------------------------------------------------------------ */

static ssize_t stream_read(void *cookie, char *buf, size_t n_bytes)
{
	struct bp_pcap_capture *c = cookie;
	uint64_t began = bp_clock_cycles();
	ssize_t n = read(c->fd, buf, n_bytes);

	if (n < 0)
		c->error = errno;
	if (c->counters) {
		bp_count(c->counters, BP_CNT_CALL_CYCLES, bp_clock_cycles() - began);
		bp_count(c->counters, BP_CNT_CALLS, 1);
	}
	return n;
}

static int stream_seek(void *cookie, off64_t *offset, int whence)
{
	struct bp_pcap_capture *c = cookie;
	off64_t at = lseek(c->fd, *offset, whence);

	if (c->counters)
		bp_count(c->counters, BP_CNT_CALLS, 1);
	if (at < 0)
		return -1;
	*offset = at;
	return 0;
}

static void close_stream(struct bp_pcap_capture *c)
{
	if (c->pcap)
		pcap_close(c->pcap); /* closes the stream */
	c->pcap = NULL;
	c->stream = NULL;
}

/* libpcap over a stream from the file's beginning; c->fd stays open beside it. 0 or -errno with why. */
static int open_stream(struct bp_pcap_capture *c)
{
	static const cookie_io_functions_t calls = { .read = stream_read, .seek = stream_seek };

	c->stream = fopencookie(c, "r", calls);
	if (!c->stream) {
		snprintf(c->why, sizeof(c->why), "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	setvbuf(c->stream, c->buffer, _IOFBF, BUFFER_BYTES);
	c->pcap = pcap_fopen_offline_with_tstamp_precision(c->stream, PCAP_TSTAMP_PRECISION_NANO,
							   c->why);
	if (c->pcap)
		return 0;
	fclose(c->stream);
	c->stream = NULL;
	return -EINVAL;
}

/* ---- records --------------------------------------------------------------------------------- */

enum bp_pcap_capture_next bp_pcap_capture_read(struct bp_pcap_capture *c)
{
	struct pcap_pkthdr *header;
	int got = pcap_next_ex(c->pcap, &header, &c->bytes);

	if (got == 1) {
		c->len = header->caplen;
		c->wire_len = header->len;
		/* Nanoseconds: the precision that the file was opened with. */
		c->stamp_s = header->ts.tv_sec;
		c->stamp_ns = header->ts.tv_usec;
		return BP_PCAP_CAPTURE_RECORD;
	}
	if (got == PCAP_ERROR_BREAK)
		return BP_PCAP_CAPTURE_END;
	snprintf(c->why, sizeof(c->why), "%s",
		 c->error ? strerror(c->error) : pcap_geterr(c->pcap));
	return BP_PCAP_CAPTURE_BROKEN;
}

/*
 * libpcap keeps what it learns from a pcapng's further interface blocks, and would learn it again in each
 * round: such a file is opened anew.
 */
int bp_pcap_capture_rewind(struct bp_pcap_capture *c)
{
	/* The reason for the case that the file has no record any more. */
	snprintf(c->why, sizeof(c->why), "it cannot be read again");
	if (!c->is_pcapng)
		return fseek(c->stream, c->first_record, SEEK_SET);
	close_stream(c);
	if (lseek(c->fd, 0, SEEK_SET) < 0) {
		snprintf(c->why, sizeof(c->why), "%s", strerror(errno));
		return -1;
	}
	return open_stream(c) ? -1 : 0;
}

/* ---- the file -------------------------------------------------------------------------------- */

static int open_regular(const struct bp_port *port, bool is_a_look)
{
	const char *path = port->conf->device;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0) {
		int err = -errno;

		bp_log(BP_LOG_ERROR, "port %s: cannot read the capture %s: %s", port->conf->name,
		       path, strerror(-err));
		return err;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
		return bp_pcap_unpack(port, fd, is_a_look);
	}
	bp_log(BP_LOG_ERROR,
	       "port %s: %s is no regular file: a pipe or a device would block the worker: store "
	       "the capture in a file first",
	       port->conf->name, path);
	close(fd);
	return -EINVAL;
}

/* Source: draft-ietf-opsawg-pcapng, the type of a section header block, alike in both byte orders. */
static bool has_pcapng_magic(int fd)
{
	static const uint8_t magic[4] = { 0x0a, 0x0d, 0x0d, 0x0a };
	uint8_t head[4];

	return pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
	       !memcmp(head, magic, sizeof(magic));
}

int bp_pcap_capture_init(struct bp_pcap_capture *c)
{
	*c = (struct bp_pcap_capture){ .fd = -1, .buffer = malloc(BUFFER_BYTES) };
	return c->buffer ? 0 : -ENOMEM;
}

void bp_pcap_capture_fini(struct bp_pcap_capture *c)
{
	free(c->buffer);
}

int bp_pcap_capture_open(struct bp_pcap_capture *c, const struct bp_port *port, bool is_a_look)
{
	int err;

	c->counters = NULL;
	c->error = 0;
	c->fd = open_regular(port, is_a_look);
	if (c->fd < 0)
		return c->fd;
	c->is_pcapng = has_pcapng_magic(c->fd);
	err = open_stream(c);
	if (err) {
		bp_log(BP_LOG_ERROR, "port %s: %s is no capture that libpcap reads: %s",
		       port->conf->name, port->conf->device, c->why);
		bp_pcap_capture_close(c);
		return err;
	}
	c->link_type = pcap_datalink(c->pcap);
	c->first_record = ftell(c->stream);
	return 0;
}

void bp_pcap_capture_close(struct bp_pcap_capture *c)
{
	close_stream(c);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}
