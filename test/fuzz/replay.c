/* Feeds every file of a corpus folder to a fuzz target, as an ordinary test. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input lies in a heap block of exactly its size, so that ASan sees one byte too far. */
static int replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data;
	long size;
	int err = -1;

	if (!file)
		return -1;
	if (fseek(file, 0, SEEK_END) || (size = ftell(file)) < 0 || fseek(file, 0, SEEK_SET))
		goto out_file;
	data = malloc((size_t)size + !size);
	if (!data)
		goto out_file;
	if (fread(data, 1, (size_t)size, file) == (size_t)size) {
		LLVMFuzzerTestOneInput(data, (size_t)size);
		err = 0;
	}
	free(data);
out_file:
	fclose(file);
	return err;
}

int main(int argc, char **argv)
{
	struct dirent *entry;
	unsigned n_files = 0;
	DIR *dir;

	dir = argc == 2 ? opendir(argv[1]) : NULL;
	if (!dir) {
		fprintf(stderr, "usage: %s FOLDER (it must exist)\n", argv[0]);
		return 1;
	}
	while ((entry = readdir(dir))) {
		char path[PATH_MAX];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
		printf("%s\n", path);
		if (replay_file(path)) {
			fprintf(stderr, "%s: cannot be read\n", path);
			closedir(dir);
			return 1;
		}
		n_files++;
	}
	closedir(dir);
	return n_files ? 0 : 1; /* an empty corpus tests nothing */
}
