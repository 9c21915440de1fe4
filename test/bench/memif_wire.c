/* The servers of two memif connections that give and take packets without touching their bytes. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A forwarder between the two is the only one who copies, so it, not this program, sets the rate. Gives
 * frames to the first connection, takes them from the second; prints "gave taken" in packets, each
 * time that a line arrives on standard input. Ends with standard input. With '-' for SOCKET-IN it only takes.
 * With "announce" the destination of those frames speaks first, at the second connection, again and again until it is heard
 * at the first, and they begin then: a switch knows by then where it is.
 * Protocol: memif 2.0 (its control messages over a seqpacket socket, rings in the client's memory).
 */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define COOKIE         0x3E31F20u
#define VERSION        0x0200u
#define REGIONS_MAX    4u
#define RINGS_MAX      4u /* to the server: OVS has a queue for each of its threads, and sends by any */
#define ANNOUNCE_TURNS 8192 /* a few milliseconds */
#define PAUSES         32 /* between two looks: the rings' cache lines belong to the forwarder meanwhile */

enum { ACK = 1, HELLO, INIT, ADD_REGION, ADD_RING, CONNECT, CONNECTED };
enum { TO_SERVER, TO_CLIENT = RINGS_MAX, N_RINGS };

struct __attribute__((packed)) hello {
	char name[32];
	uint16_t min_version, max_version, max_region, max_to_client, max_to_server;
	uint8_t max_log2_slots;
};

struct __attribute__((packed)) add_ring {
	uint16_t flags, index, region;
	uint32_t offset;
	uint8_t log2_slots;
	uint16_t private_bytes;
};

struct __attribute__((packed, aligned(128))) message {
	uint16_t type;
	union {
		struct hello hello;
		struct __attribute__((packed)) {
			uint16_t index;
			uint64_t bytes;
		} add_region;
		struct add_ring add_ring;
		char name[32];
		char room[126];
	};
};

struct slot {
	uint16_t flags, region;
	uint32_t length, offset, metadata;
};

struct ring {
	uint32_t cookie;
	uint16_t flags;
	_Atomic uint16_t head;
	_Alignas(64) _Atomic uint16_t tail;
	_Alignas(64) struct slot slots[];
};

static_assert(sizeof(struct message) == 128 && sizeof(struct hello) == 43, "protocol");
static_assert(offsetof(struct ring, tail) == 64 && offsetof(struct ring, slots) == 128, "protocol");

struct wire {
	int fd;
	uint8_t *regions[REGIONS_MAX];
	uint64_t region_bytes[REGIONS_MAX];
	struct ring *rings[N_RINGS];
	uint16_t mask[N_RINGS];
	uint16_t n_filled; /* buffers of the ring to the client that have a frame */
};

static struct wire wires[2];
static _Atomic uint64_t n_gave, n_taken;
static _Atomic bool is_over;
static bool has_in; /* a first connection gives frames */
static bool is_announcing;

static void die(const char *what)
{
	fprintf(stderr, "memif-wire: error: %s: %s\n", what, errno ? strerror(errno) : "protocol");
	exit(1);
}

/* ---- connecting ------------------------------------------------------------------------------ */

static int listen_at(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	if (fd < 0 || strlen(path) >= sizeof(to.sun_path))
		die(path);
	strcpy(to.sun_path, path);
	unlink(path);
	if (bind(fd, (struct sockaddr *)&to, sizeof(to)) || listen(fd, 1))
		die(path);
	return fd;
}

static void tell(int fd, uint16_t type)
{
	struct message m = { .type = type };

	if (type == HELLO)
		m.hello = (struct hello){ .name = "memif-wire",
					  .min_version = VERSION,
					  .max_version = VERSION,
					  .max_region = REGIONS_MAX - 1,
					  .max_to_server = RINGS_MAX - 1,
					  .max_log2_slots = 14 };
	if (send(fd, &m, sizeof(m), MSG_NOSIGNAL) != sizeof(m))
		die("send");
}

/* The descriptor that came with it, or -1. */
static int hear(int fd, struct message *m)
{
	char control[CMSG_SPACE(sizeof(int)) + 64];
	struct iovec iov = { m, sizeof(*m) };
	struct msghdr h = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	int passed = -1;

	errno = 0;
	if (recvmsg(fd, &h, 0) < (ssize_t)sizeof(m->type))
		die("the client went away while connecting");
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			memcpy(&passed, CMSG_DATA(c), sizeof(passed));
	return passed;
}

static void add_region(struct wire *w, const struct message *m, int fd)
{
	unsigned i = m->add_region.index;
	void *base;

	errno = 0;
	if (i >= REGIONS_MAX || fd < 0)
		die("add region");
	w->region_bytes[i] = m->add_region.bytes;
	base = mmap(NULL, w->region_bytes[i], PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		die("map region");
	w->regions[i] = base;
}

static void add_ring(struct wire *w, const struct add_ring *a)
{
	const bool is_to_server = a->flags & 1;
	const unsigned which = is_to_server ? TO_SERVER + a->index : TO_CLIENT;
	uint64_t end = a->offset + sizeof(struct ring) + (sizeof(struct slot) << a->log2_slots);

	errno = 0;
	if (a->index >= (is_to_server ? RINGS_MAX : 1) || a->log2_slots > 14 ||
	    a->region >= REGIONS_MAX || !w->regions[a->region] || end > w->region_bytes[a->region])
		die("add ring");
	w->rings[which] = (struct ring *)(void *)(w->regions[a->region] + a->offset);
	w->mask[which] = (uint16_t)((1u << a->log2_slots) - 1);
}

static void meet(struct wire *w, int listener)
{
	struct message m;

	w->fd = accept(listener, NULL, NULL);
	if (w->fd < 0)
		die("accept");
	tell(w->fd, HELLO);
	for (;;) {
		int fd = hear(w->fd, &m);

		if (m.type == ADD_REGION)
			add_region(w, &m, fd);
		if (m.type == ADD_RING)
			add_ring(w, &m.add_ring);
		if (fd >= 0 && m.type != ADD_RING)
			close(fd); /* a ring's interrupts stay open: closed, the client's writes would fail */
		if (m.type == CONNECT)
			break;
		if (m.type == INIT || m.type == ADD_REGION || m.type == ADD_RING)
			tell(w->fd, ACK);
	}
	errno = 0;
	if (!w->rings[TO_SERVER] || !w->rings[TO_CLIENT])
		die("no rings");
	for (unsigned i = TO_SERVER; i < TO_CLIENT; i++)
		if (w->rings[i])
			w->rings[i]->flags = 1; /* polled: no interrupts, please */
	tell(w->fd, CONNECTED);
}

/* ---- traffic --------------------------------------------------------------------------------- */

/* The client's buffers of a ring stay where they are: each needs its frame once. */
static bool fill(struct wire *w, struct slot *slot, uint32_t frame_bytes)
{
	static const uint8_t heads[2][14] = { { 2, 0, 0, 0, 2, 1, 2, 0, 0, 0, 1, 1, 0x88, 0xb5 },
					      { 2, 0, 0, 0, 1, 1, 2, 0, 0, 0, 2, 1, 0x88, 0xb5 } };
	const uint8_t *head = heads[w - wires];

	if (slot->region >= REGIONS_MAX || !w->regions[slot->region] ||
	    slot->offset + (uint64_t)frame_bytes > w->region_bytes[slot->region])
		return false;
	memset(w->regions[slot->region] + slot->offset, 0, frame_bytes);
	memcpy(w->regions[slot->region] + slot->offset, head, sizeof(heads[0]));
	return true;
}

/* As many frames as there are buffers, but no more than n_max. */
static uint16_t give(struct wire *w, uint32_t frame_bytes, uint16_t n_max)
{
	struct ring *r = w->rings[TO_CLIENT];
	uint16_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	/* Acquire: the buffers that the client has posted. */
	uint16_t n = (uint16_t)(atomic_load_explicit(&r->head, memory_order_acquire) - tail);

	if (n > n_max)
		n = n_max;
	for (uint16_t i = 0; i < n; i++) {
		struct slot *slot = &r->slots[(uint16_t)(tail + i) & w->mask[TO_CLIENT]];

		if (w->n_filled <= w->mask[TO_CLIENT]) {
			if (!fill(w, slot, frame_bytes))
				die("a buffer outside the regions");
			w->n_filled++;
		}
		slot->flags = 0;
		slot->length = frame_bytes;
	}
	/* Release: lengths before the client sees that the slots are full. */
	atomic_store_explicit(&r->tail, (uint16_t)(tail + n), memory_order_release);
	return n;
}

static uint32_t take(struct wire *w)
{
	uint32_t n_all = 0;

	for (unsigned i = TO_SERVER; i < TO_CLIENT && w->rings[i]; i++) {
		struct ring *r = w->rings[i];
		const uint16_t head = atomic_load_explicit(&r->head, memory_order_acquire);
		const uint16_t n =
			(uint16_t)(head - atomic_load_explicit(&r->tail, memory_order_relaxed));

		if (n)
			atomic_store_explicit(&r->tail, head, memory_order_release);
		n_all += n;
	}
	return n_all;
}

static void *work(void *arg)
{
	uint32_t frame_bytes = *(const uint32_t *)arg;
	unsigned turn = 0;

	while (!atomic_load_explicit(&is_over, memory_order_relaxed)) {
		uint32_t n = take(&wires[1]);

		atomic_fetch_add_explicit(&n_taken, n, memory_order_relaxed);
		if (has_in) {
			is_announcing &= !take(&wires[0]);
			if (is_announcing && turn++ % ANNOUNCE_TURNS == 0)
				give(&wires[1], frame_bytes, 1);
			n = is_announcing ? 0 : give(&wires[0], frame_bytes, UINT16_MAX);
			atomic_fetch_add_explicit(&n_gave, n, memory_order_relaxed);
		}
		for (int i = 0; i < PAUSES; i++)
			__builtin_ia32_pause();
	}
	return NULL;
}

/* Whether a client is still there. */
static bool is_connected(const struct wire *w)
{
	struct pollfd p = { .fd = w->fd, .events = POLLRDHUP };

	return poll(&p, 1, 0) == 0 || !(p.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

int main(int argc, char **argv)
{
	int listeners[2], first;
	uint32_t frame_bytes;
	cpu_set_t cpus;
	pthread_t thread;

	if (argc < 5 || argc > 6 || (argc == 6 && strcmp(argv[5], "announce"))) {
		fprintf(stderr,
			"usage: memif-wire SOCKET-IN SOCKET-OUT FRAME_BYTES CORE [announce]\n");
		return 2;
	}
	is_announcing = argc == 6;
	frame_bytes = (uint32_t)atoi(argv[3]);
	if (frame_bytes < 14 || frame_bytes > 2048)
		die("frame bytes: 14 … 2048");
	CPU_ZERO(&cpus);
	CPU_SET((size_t)atoi(argv[4]), &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	has_in = strcmp(argv[1], "-") != 0;
	first = has_in ? 0 : 1;
	for (int i = first; i < 2; i++)
		listeners[i] = listen_at(argv[1 + i]);
	puts("listening");
	fflush(stdout);
	for (int i = first; i < 2; i++)
		meet(&wires[i], listeners[i]);
	if (pthread_create(&thread, NULL, work, &frame_bytes))
		die("thread");
	for (int c; (c = getchar()) != EOF;) {
		if (c != '\n')
			continue;
		if ((has_in && !is_connected(&wires[0])) || !is_connected(&wires[1]))
			die("a client went away");
		printf("%llu %llu\n", (unsigned long long)atomic_load(&n_gave),
		       (unsigned long long)atomic_load(&n_taken));
		fflush(stdout);
	}
	atomic_store(&is_over, true);
	pthread_join(thread, NULL);
	return 0;
}
