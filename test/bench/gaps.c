/* When frames arrive: their mean rate, and how far the gaps between them are from even. */
/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * usage: bench-gaps NETNS INTERFACE SECONDS PPS CORE
 *
 * Reads the kernel's time stamps of frames that come in, from a ring that this program shares with it; on veth without
 * GRO they are taken on the sender's core, so that a receiver which is late spoils nothing. The first SKIP_NS after the
 * first frame do not count: a sender warms up. Writes one line of JSON, in nanoseconds: gaps, what they are off 1 /
 * PPS, and how far from its place on an even schedule of PPS (the one that fits best) a frame came.
 */
#include "lab_socket.h"

#include <poll.h>
#include <sys/mman.h>

#define BLOCK_BYTES (1u << 20)
#define N_BLOCKS    64u
#define SKIP_NS     200000000u
#define MOST_GAPS   (1u << 24)

struct arrivals {
	uint64_t *ns;
	size_t n;
	uint64_t first_ns;
};

static void take_block(struct tpacket_block_desc *block, struct arrivals *all)
{
	const uint8_t *at = (const uint8_t *)block + block->hdr.bh1.offset_to_first_pkt;

	for (uint32_t i = 0; i < block->hdr.bh1.num_pkts; i++) {
		const struct tpacket3_hdr *frame = (const void *)at;
		uint64_t ns = (uint64_t)frame->tp_sec * 1000000000u + frame->tp_nsec;

		if (!all->first_ns)
			all->first_ns = ns;
		if (ns >= all->first_ns + SKIP_NS && all->n < MOST_GAPS)
			all->ns[all->n++] = ns;
		at += frame->tp_next_offset;
	}
}

static uint8_t *make_ring(int fd)
{
	const int version = TPACKET_V3;
	struct tpacket_req3 request = {
		.tp_block_size = BLOCK_BYTES,
		.tp_block_nr = N_BLOCKS,
		.tp_frame_size = 2048,
		.tp_frame_nr = BLOCK_BYTES / 2048 * N_BLOCKS,
		.tp_retire_blk_tov = 20,
	};
	uint8_t *ring;

	if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request))) {
		perror("PACKET_RX_RING");
		exit(1);
	}
	ring = mmap(NULL, (size_t)BLOCK_BYTES * N_BLOCKS, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_POPULATE, fd, 0);
	if (ring == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return ring;
}

/* Until SECONDS after the first frame that counts; 10 s without a frame end it. */
static void listen_for(int fd, uint8_t *ring, double seconds, struct arrivals *all)
{
	const uint64_t begin = lab_now_ns();
	uint64_t end = 0;
	unsigned next = 0;

	while (end ? lab_now_ns() < end : lab_now_ns() < begin + 10000000000u) {
		struct tpacket_block_desc *block = (void *)(ring + (size_t)next * BLOCK_BYTES);
		struct pollfd from = { .fd = fd, .events = POLLIN };

		if (!(__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) &
		      TP_STATUS_USER)) {
			poll(&from, 1, 50);
			continue;
		}
		take_block(block, all);
		__atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
		next = (next + 1) % N_BLOCKS;
		if (!end && all->n)
			end = lab_now_ns() + (uint64_t)(seconds * 1e9);
	}
}

static int ascending(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void print_part(const char *name, uint64_t *values, size_t n)
{
	static const struct {
		const char *name;
		double share;
	} parts[] = { { "p50", 0.5 }, { "p99", 0.99 }, { "p999", 0.999 }, { "max", 1 } };

	qsort(values, n, sizeof(*values), ascending);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		size_t at = (size_t)(parts[i].share * (double)n);

		printf(", \"%s_%s_ns\": %llu", name, parts[i].name,
		       (unsigned long long)values[at < n ? at : n - 1]);
	}
}

static uint64_t distance(double a, double b)
{
	return (uint64_t)(a < b ? b - a : a - b);
}

static void print_places(const struct arrivals *all, double even, uint64_t *room)
{
	const double begin = 1e12; /* keeps lateness above zero, of frames that are early too */
	double middle;

	for (size_t i = 0; i < all->n; i++)
		room[i] = (uint64_t)(begin + (double)(all->ns[i] - all->ns[0]) - (double)i * even);
	qsort(room, all->n, sizeof(*room), ascending);
	middle = (double)room[all->n / 2];
	for (size_t i = 0; i < all->n; i++)
		room[i] = distance((double)room[i], middle);
	print_part("place", room, all->n);
}

static void report(int fd, const struct arrivals *all, double pps)
{
	struct tpacket_stats_v3 stats = { 0 };
	socklen_t size = sizeof(stats);
	uint64_t *room = malloc(all->n * sizeof(*room));
	const size_t n = all->n - 1;
	const double even = 1e9 / pps, span = (double)(all->ns[n] - all->ns[0]);

	if (!room || getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size)) {
		perror("bench-gaps");
		exit(1);
	}
	printf("{\"frames\": %zu, \"lost\": %u, \"pps\": %.1f", all->n, stats.tp_drops,
	       (double)n / span * 1e9);
	for (size_t i = 0; i < n; i++)
		room[i] = all->ns[i + 1] - all->ns[i];
	print_part("gap", room, n);
	for (size_t i = 0; i < n; i++)
		room[i] = distance((double)room[i], even);
	print_part("off", room, n);
	print_places(all, even, room);
	printf("}\n");
	free(room);
}

int main(int argc, char **argv)
{
	struct arrivals all = { 0 };
	uint8_t *ring;
	int fd;

	if (argc != 6 || !(atof(argv[3]) > 0) || !(atof(argv[4]) > 0)) {
		fprintf(stderr, "usage: bench-gaps NETNS INTERFACE SECONDS PPS CORE\n");
		return 2;
	}
	all.ns = calloc(MOST_GAPS, sizeof(*all.ns));
	fd = lab_socket_of(argv[1], argv[2], ETH_P_ALL);
	if (!all.ns || fd < 0)
		return 1;
	ring = make_ring(fd);
	lab_pin((unsigned)atoi(argv[5]));
	puts("ready");
	fflush(stdout);
	listen_for(fd, ring, atof(argv[3]), &all);
	if (all.n < 3) {
		fprintf(stderr, "bench-gaps: %zu frames came\n", all.n);
		return 1;
	}
	report(fd, &all, atof(argv[4]));
	return 0;
}
