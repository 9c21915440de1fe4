/* Reads an INI file through iniparser. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/ini.h"

#include "config/scan.h"
#include "config/spelling.h"
#include "core/utf8.h"

#include <iniparser/iniparser.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIPE_WAIT_MS 3000 /* between two parts of a file that comes through a pipe */

struct bytes {
	char data[BP_INI_FILE_BYTES + 1]; /* one byte more shows that a file is too long */
	size_t n;
};

/* Wait until a read would return; through a pipe for PIPE_WAIT_MS at most, since its writer may never come. 0 or
 * -errno. */
static int wait_for_bytes(int fd)
{
	struct pollfd pipe = { .fd = fd, .events = POLLIN };
	struct stat st;
	bool is_pipe = !fstat(fd, &st) && S_ISFIFO(st.st_mode);
	int n = poll(&pipe, 1, is_pipe ? PIPE_WAIT_MS : -1);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	return n ? 0 : -ETIMEDOUT;
}

/* Read up to the end or the bound. 0 or -errno. */
static int read_all(int fd, struct bytes *bytes)
{
	int err = wait_for_bytes(fd);

	while (!err && bytes->n < sizeof(bytes->data)) {
		ssize_t n = read(fd, bytes->data + bytes->n, sizeof(bytes->data) - bytes->n);

		if (n < 0 && errno == EAGAIN) {
			err = wait_for_bytes(fd);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			return 0;
		bytes->n += (size_t)n;
	}
	return err ? err : -EFBIG;
}

static const char *remedy_for(int rc)
{
	switch (rc) {
	case -ENOENT:
		return "check the path, or begin with a copy of config/reference.ini";
	case -EACCES:
		return "give this user the right to read it";
	case -EISDIR:
		return "name a file inside it";
	case -EFBIG:
		return "256 KiB are allowed: is this an INI file?";
	case -ETIMEDOUT:
		return "it is a pipe: see that somebody writes the file into it, or name the file";
	default:
		return "check the path";
	}
}

static int read_file(const char *path, struct bytes *bytes, struct bp_problems *problems)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int rc;

	bytes->n = 0;
	rc = fd < 0 ? -errno : read_all(fd, bytes);
	if (fd >= 0)
		close(fd);
	if (rc)
		bp_problem(problems, (struct bp_where){ 0 }, NULL, NULL, "cannot be read: %s; %s",
			   strerror(-rc), remedy_for(rc));
	return rc;
}

/* iniparser prints its complaints to standard error; the scan has said all there is to say. */
static int drop_message(const char *fmt, ...)
{
	(void)fmt;
	return 0;
}

/* iniparser reads from a path only: give it the path of a memory file with the bytes that the scan left. */
static dictionary *parse_bytes(const struct bytes *bytes)
{
	int fd = memfd_create("bypath.ini", MFD_CLOEXEC);
	dictionary *dict = NULL;
	char path[64];
	size_t done = 0;

	if (fd < 0)
		return NULL;
	while (done < bytes->n) {
		ssize_t n = write(fd, bytes->data + done, bytes->n - done);

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	iniparser_set_error_callback(drop_message);
	if (done == bytes->n)
		dict = iniparser_load(path);
	close(fd);
	return dict;
}

/* Take the value that iniparser read for a setting, or add a problem. */
static void take_value(const dictionary *dict, struct bp_problems *problems,
		       struct bp_ini_item *item)
{
	char name[2 * BP_INI_LINE_BYTES + 2];
	const char *value;

	snprintf(name, sizeof(name), "%s:%s", item->section, item->key);
	value = iniparser_getstring(dict, name, "");
	if (!*value)
		bp_problem(problems, item->where, item->section, item->key,
			   "found no value: give one, or delete the line");
	else if (!bp_utf8_valid(value))
		bp_problem(problems, item->where, item->section, item->key,
			   "found bytes that are not UTF-8: save the file as UTF-8");
	else if (!(item->value = strdup(value)))
		bp_problem(problems, item->where, item->section, item->key, "no memory");
}

/* Take the values of all settings, and remove the settings that have none. */
static void take_values(const dictionary *dict, struct bp_problems *problems, struct bp_ini *ini)
{
	for (size_t i = ini->n_items; i--;) {
		struct bp_ini_item *item = &ini->items[i];

		if (!item->key)
			continue;
		take_value(dict, problems, item);
		if (item->value)
			continue;
		ini->has_nonsense = true;
		bp_ini_remove(ini, item);
	}
}

/* Split "section.key=value" and replace what the file says. */
static void apply_set(const char *set, struct bp_problems *problems, struct bp_ini *ini)
{
	struct bp_where where = { .set = set };
	const char *equals = strchr(set, '=');
	char name[BP_INI_LINE_BYTES + 1];
	struct bp_ini_item *old;
	char *dot;

	if (strlen(set) > BP_INI_LINE_BYTES || !equals) {
		bp_problem(problems, where, NULL, NULL, "allowed: section.key=value");
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)(equals - set), set);
	dot = strrchr(name, '.');
	if (dot)
		*dot = '\0';
	if (!dot || !bp_is_name(name, "_-.") || !bp_is_name(dot + 1, "_-")) {
		bp_problem(problems, where, NULL, NULL,
			   "allowed: section.key=value, section and key in lower case a-z 0-9 _ -");
		return;
	}
	if (!bp_utf8_valid(equals + 1)) {
		bp_problem(problems, where, name, dot + 1, "found bytes that are not UTF-8");
		return;
	}
	old = bp_ini_find(ini, name, dot + 1);
	if (old)
		bp_ini_remove(ini, old);
	if (!equals[1])
		return;
	if ((!bp_ini_find(ini, name, NULL) && !bp_ini_add(ini, name, NULL, NULL, where)) ||
	    !bp_ini_add(ini, name, dot + 1, equals + 1, where))
		bp_problem(problems, where, name, dot + 1, "too many settings, or no memory");
}

int bp_ini_read(const char *path, const char *const *sets, size_t n_sets,
		struct bp_problems *problems, struct bp_ini *ini)
{
	struct bytes *bytes = malloc(sizeof(*bytes));
	dictionary *dict;
	int rc;

	if (!bytes)
		return -ENOMEM;
	rc = read_file(path, bytes, problems);
	if (rc)
		goto free_bytes;
	*ini = (struct bp_ini){ 0 };
	bp_ini_scan(bytes->data, bytes->n, problems, ini);
	dict = parse_bytes(bytes);
	if (!dict) {
		bp_problem(problems, (struct bp_where){ 0 }, NULL, NULL,
			   "cannot be handed to iniparser: it needs /proc and memory");
		bp_ini_free(ini);
		rc = -EIO;
		goto free_bytes;
	}
	take_values(dict, problems, ini);
	iniparser_freedict(dict);
	for (size_t i = 0; i < n_sets; i++)
		apply_set(sets[i], problems, ini);
free_bytes:
	free(bytes);
	return rc;
}
