/**
 * @file server/metrics/process.c
 * @brief Figures of this process, by the names that Prometheus' client libraries have for them.
 */
#include "server/metrics/metrics.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define STAT_SIZE 1024
#define US_OF_S 1e6

/* Fields of /proc/self/stat behind the name in brackets, counted from 1 (proc(5)): 20 threads,
 * 22 start in ticks since boot, 23 bytes of address space, 24 pages in memory. */
enum { FIELD_FIRST = 3, FIELD_THREADS = 20, FIELD_START = 22, FIELD_VSIZE = 23, FIELD_RSS = 24 };

static void print(struct zdd_buf *buf, const char *name, const char *type, const char *help,
                  double value)
{
    zdd_buf_printf(buf, "# HELP %s %s\n# TYPE %s %s\n%s %.17g\n", name, help, name, type, name,
                   value);
}

static bool read_stat(char text[static STAT_SIZE])
{
    FILE *file = fopen("/proc/self/stat", "re");
    const size_t size = file ? fread(text, 1, STAT_SIZE - 1, file) : 0;

    if (file)
        fclose(file);
    text[size] = '\0';
    return size > 0;
}

/* @return where field @p number begins, or NULL */
static const char *field(const char *stat, int number)
{
    const char *at = strrchr(stat, ')'); /* the name may hold anything but this */

    for (int i = FIELD_FIRST; at && i <= number; i++) {
        at = strchr(at, ' ');
        at = at ? at + 1 : NULL;
    }
    return at;
}

static uint64_t number_at(const char *stat, int number)
{
    const char *at = field(stat, number);
    uint64_t value = 0;

    if (at)
        (void)sscanf(at, "%" SCNu64, &value);
    return value;
}

/* The system's clock, less how long ago it booted, and when after that we began. */
static double started_s(uint64_t ticks)
{
    struct timespec now, up;

    if (clock_gettime(CLOCK_REALTIME, &now) != 0 || clock_gettime(CLOCK_BOOTTIME, &up) != 0)
        return 0;
    return (double)(now.tv_sec - up.tv_sec) + (double)(now.tv_nsec - up.tv_nsec) / 1e9 +
           (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

static void print_stat(struct zdd_buf *buf)
{
    char stat[STAT_SIZE];

    if (!read_stat(stat))
        return;
    print(buf, "process_threads", "gauge", "Threads of the process.",
          (double)number_at(stat, FIELD_THREADS));
    print(buf, "process_start_time_seconds", "gauge", "When it began, in seconds since 1970.",
          started_s(number_at(stat, FIELD_START)));
    print(buf, "process_virtual_memory_bytes", "gauge", "Address space in bytes.",
          (double)number_at(stat, FIELD_VSIZE));
    print(buf, "process_resident_memory_bytes", "gauge", "Memory in bytes.",
          (double)number_at(stat, FIELD_RSS) * (double)sysconf(_SC_PAGESIZE));
}

static void print_files(struct zdd_buf *buf)
{
    DIR *folder = opendir("/proc/self/fd");
    struct rlimit limit;
    int open = -1; /* the folder itself */

    if (folder) {
        for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
            open += entry->d_name[0] != '.';
        closedir(folder);
        print(buf, "process_open_fds", "gauge", "Open file descriptors.", open);
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        print(buf, "process_max_fds", "gauge", "File descriptors there may be.",
              (double)limit.rlim_cur);
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / US_OF_S;
}

void zdd_metrics_print_process(struct zdd_buf *buf)
{
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage) == 0)
        print(buf, "process_cpu_seconds_total", "counter", "Processor time, user and system.",
              seconds(usage.ru_utime) + seconds(usage.ru_stime));
    print_stat(buf);
    print_files(buf);
}
