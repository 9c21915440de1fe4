/* One run's folder, named for its process so that the next run can tell whether it died. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "lab/workdir.h"

#include "bypath/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define HUGE_FOLDER "/sys/kernel/mm/hugepages/hugepages-2048kB/"

static long read_number(const char *path)
{
	FILE *file = fopen(path, "re");
	long n = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%ld", &n) != 1)
		n = -1;
	fclose(file);
	return n;
}

static int write_number(const char *path, long n)
{
	FILE *file = fopen(path, "we");
	int rc;

	if (!file)
		return -errno;
	rc = fprintf(file, "%ld\n", n) < 0 ? -EIO : 0;
	return fclose(file) ? -errno : rc;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	(void)remove(path); /* the rest goes all the same */
	return 0;
}

static void remove_tree(const char *path)
{
	nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* Start of a process in clock ticks since boot, 0 if there is none: a number is used again. */
static unsigned long long start_of(long pid)
{
	char path[64], text[1024];
	unsigned long long start = 0;
	char *at;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	at = fgets(text, sizeof(text), file) ? strrchr(text, ')') : NULL;
	fclose(file);
	if (at && sscanf(at,
			 ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
			 "%*d %*d %*d %llu",
			 &start) != 1)
		start = 0;
	return start;
}

static int root_folder(char *path, size_t bytes)
{
	const char *tmp = getenv("TMPDIR");
	struct stat st;

	if (geteuid() == 0)
		snprintf(path, bytes, "/run/bypath-compare");
	else
		snprintf(path, bytes, "%s/bypath-compare-%u",
			 tmp && *tmp && strlen(tmp) < 24 ? tmp : "/tmp", (unsigned)geteuid());
	if (mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	/* Somebody else's folder under a well-known name: what lies there is not to be trusted. */
	if (lstat(path, &st) || !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
		return -EPERM;
	return 0;
}

/* Undo one dead run. Returns the hugepages given back. */
static long undo(const char *path)
{
	char file[BP_WORKDIR_BYTES + 16];
	long n;

	snprintf(file, sizeof(file), "%s/hugepages", path);
	n = read_number(file);
	bp_hugepages_return(path);
	remove_tree(path);
	return n > 0 ? n : 0;
}

static void undo_dead(const char *root, char *left, size_t left_bytes)
{
	char path[BP_WORKDIR_BYTES];
	struct dirent *entry;
	unsigned n_runs = 0;
	long n_pages = 0;
	DIR *dir = opendir(root);

	while (dir && (entry = readdir(dir))) {
		unsigned long long start;
		char end;
		long pid;

		if (sscanf(entry->d_name, "%ld-%llu%c", &pid, &start, &end) != 2 ||
		    start_of(pid) == start ||
		    snprintf(path, sizeof(path), "%s/%.40s", root, entry->d_name) >=
			    (int)sizeof(path))
			continue;
		n_pages += undo(path);
		n_runs++;
	}
	if (dir)
		closedir(dir);
	if (n_runs)
		snprintf(left, left_bytes,
			 "removed what %u run%s that died had left, %ld hugepages given back",
			 n_runs, n_runs == 1 ? "" : "s", n_pages);
}

int bp_workdir_create(char path[BP_WORKDIR_BYTES], char *left, size_t left_bytes)
{
	char root[BP_WORKDIR_BYTES - 40];
	int rc = root_folder(root, sizeof(root));
	int lock = -1;

	left[0] = '\0';
	if (!rc) {
		/* Two runs that begin at once do not undo the same leftovers twice. */
		lock = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (lock >= 0)
			flock(lock, LOCK_EX);
		undo_dead(root, left, left_bytes);
		snprintf(path, BP_WORKDIR_BYTES, "%s/%ld-%llu", root, (long)getpid(),
			 start_of(getpid()));
		rc = mkdir(path, 0700) ? -errno : 0;
		if (lock >= 0)
			close(lock);
	}
	if (rc)
		bp_log(BP_LOG_ERROR, "%s: cannot make a folder for this run: %s", root,
		       strerror(-rc));
	return rc;
}

void bp_workdir_remove(const char *path)
{
	char root[BP_WORKDIR_BYTES];
	char *slash;

	bp_hugepages_return(path);
	remove_tree(path);
	snprintf(root, sizeof(root), "%s", path);
	slash = strrchr(root, '/');
	if (slash) {
		*slash = '\0';
		rmdir(root); /* unless another run's folder is there */
	}
}

void bp_workdir_keep(const char *path, char kept[BP_WORKDIR_BYTES])
{
	bp_hugepages_return(path);
	snprintf(kept, BP_WORKDIR_BYTES, "%.*s-kept", (int)BP_WORKDIR_BYTES - 6, path);
	if (rename(path, kept))
		snprintf(kept, BP_WORKDIR_BYTES, "%s", path);
}

int bp_hugepages_reserve(const char *path, unsigned n_pages)
{
	char file[BP_WORKDIR_BYTES + 16];
	long n_free = read_number(HUGE_FOLDER "free_hugepages");
	long n_all = read_number(HUGE_FOLDER "nr_hugepages"), n_got;
	int rc;

	if (n_free < 0 || n_all < 0)
		return -ENOENT;
	if (n_free >= (long)n_pages)
		return (int)n_free;
	snprintf(file, sizeof(file), "%s/hugepages", path);
	/* Noted before they are taken: a crash in between gives back too many at worst if somebody
	 * else takes the same number away, and never too few. */
	rc = write_number(file, (long)n_pages - n_free);
	if (!rc)
		rc = write_number(HUGE_FOLDER "nr_hugepages", n_all + (long)n_pages - n_free);
	if (rc) {
		unlink(file);
		return rc;
	}
	n_got = read_number(HUGE_FOLDER "nr_hugepages") - n_all;
	write_number(file, n_got > 0 ? n_got : 0);
	return (int)read_number(HUGE_FOLDER "free_hugepages");
}

int bp_hugepages_free(void)
{
	long n = read_number(HUGE_FOLDER "free_hugepages");

	return n > 0 ? (int)n : 0;
}

void bp_hugepages_return(const char *path)
{
	char file[BP_WORKDIR_BYTES + 16];
	long n, n_all = read_number(HUGE_FOLDER "nr_hugepages");

	snprintf(file, sizeof(file), "%s/hugepages", path);
	n = read_number(file);
	if (n > 0 && n_all >= 0)
		write_number(HUGE_FOLDER "nr_hugepages", n_all > n ? n_all - n : 0);
	unlink(file);
}
