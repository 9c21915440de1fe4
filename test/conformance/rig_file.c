/* Rigs on capture files: the suite writes what the port reads, and reads what it writes. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "rig.h"
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC_NANO   0xa1b23c4du
#define ETHERNET     1u
#define HEADER_BYTES 24
#define RECORD_BYTES 16

/* The layout of pcap-savefile(5), written and read here without libpcap. */
struct file_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy;
	uint32_t snaplen;
	uint32_t link_type;
};

struct record {
	uint32_t seconds, nanoseconds;
	uint32_t captured, wire;
};

static char path[64];
static char folder[] = "/tmp/bypath-conformance-XXXXXX";

static void write_whole(int fd, const void *bytes, size_t n)
{
	expect(write(fd, bytes, n) == (ssize_t)n, "%s: %s", path, strerror(errno));
}

/* An empty capture in place of what was there, which whoever has it open keeps. */
static void start_file(void)
{
	static const struct file_header header = { MAGIC_NANO, 2, 4, 0, 0, 262144, ETHERNET };
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	write_whole(fd, &header, sizeof(header));
	close(fd);
}

static int setup_folder(const struct rig *rig, char *why, size_t why_bytes)
{
	(void)rig;
	if (!mkdtemp(folder)) {
		snprintf(why, why_bytes, "mkdtemp %s", folder);
		return -errno;
	}
	snprintf(path, sizeof(path), "%s/traffic.pcap", folder);
	start_file();
	return 0;
}

static void teardown_folder(const struct rig *rig)
{
	(void)rig;
	unlink(path);
	rmdir(folder);
}

static void configure_file(const struct rig *rig, struct bp_conf *conf)
{
	struct bp_port_conf *port = &conf->ports[0];

	snprintf(port->name, sizeof(port->name), "dut");
	snprintf(port->driver, sizeof(port->driver), "%s", rig->driver);
	snprintf(port->device, sizeof(port->device), "%s", path);
	set_default_keys(port);
	set_key(port, "mode", rig->arg);
	set_key(port, "pace", "max");
}

/* ---- the port reads -------------------------------------------------------------------------- */

static int send_record(struct world *w, const uint8_t *frame, uint32_t len)
{
	struct record record = { 1700000000, 999999999, len, len };
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

	(void)w;
	write_whole(fd, &record, sizeof(record));
	write_whole(fd, frame, len);
	close(fd);
	return 0;
}

/* The port begins at the head of the file when it starts. */
static void restart_on_file(struct world *w)
{
	bp_port_stop(w->port);
	expect(bp_port_start(w->port) == 0, "the port does not start on the capture");
	start_file();
}

static void forget_file(struct world *w)
{
	(void)w;
	start_file();
}

/* ---- the port writes ------------------------------------------------------------------------- */

static int attach_reader(struct world *w)
{
	struct stat st;

	w->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (w->fd < 0 || fstat(w->fd, &st) < 0)
		return -errno;
	/* A restart goes on in the same file: what was there has been seen. */
	return lseek(w->fd, st.st_size, SEEK_SET) < 0 ? -errno : 0;
}

static void detach_reader(struct world *w)
{
	struct file_header header;

	expect(pread(w->fd, &header, sizeof(header), 0) == HEADER_BYTES &&
		       header.magic == MAGIC_NANO && header.link_type == ETHERNET,
	       "the header of the capture is wrong");
	close(w->fd);
	w->fd = -1;
}

static int recv_record(struct world *w, uint8_t *frame, uint32_t room)
{
	struct record record;
	off_t at = lseek(w->fd, 0, SEEK_CUR);
	ssize_t n = pread(w->fd, &record, sizeof(record), at);

	if (n == 0)
		return -EAGAIN;
	if (!expect(n == RECORD_BYTES && record.captured == record.wire && record.captured <= room,
		    "a record of the capture is damaged"))
		return -EAGAIN;
	expect(record.seconds > 1700000000 && record.nanoseconds < 1000000000, "time stamp %u.%09u",
	       record.seconds, record.nanoseconds);
	n = pread(w->fd, frame, record.captured, at + RECORD_BYTES);
	if (!expect(n == (ssize_t)record.captured, "a record of the capture is cut"))
		return -EAGAIN;
	lseek(w->fd, at + RECORD_BYTES + n, SEEK_SET);
	return (int)n;
}

const struct rig rigs_file[] = {
	{
		.name = "pcap-read",
		.driver = "pcap",
		.arg = "read",
		.flags = RIG_RX | RIG_NO_TXQ | RIG_RX_CALLS | RIG_IO_FILES | RIG_RUNTS | RIG_VLAN,
		.max_frame_bytes = 64000,
		.min_frame_bytes = 14,
		.setup = setup_folder,
		.teardown = teardown_folder,
		.configure = configure_file,
		.detach = forget_file,
		.send = send_record,
		.commit = restart_on_file,
	},
	{
		.name = "pcap-write",
		.driver = "pcap",
		.arg = "write",
		.flags = RIG_TX | RIG_NO_RXQ | RIG_TX_CALLS | RIG_IO_FILES,
		.max_frame_bytes = 64000,
		.min_frame_bytes = 1,
		.setup = setup_folder,
		.teardown = teardown_folder,
		.configure = configure_file,
		.attach = attach_reader,
		.detach = detach_reader,
		.recv = recv_record,
	},
	{ .name = NULL },
};
