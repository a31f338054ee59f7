/**
 * @file tests/support/program.c
 * @brief Running a program to its end.
 */
#define _GNU_SOURCE /* pipe2 */
#include "tests/support/program.h"

#include "tests/support/spec.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct program program_start(const char *const *words)
{
    struct program program;
    int ends[2];

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    program = (struct program){.pid = fork(), .out = ends[0]};
    assert_true(program.pid >= 0);
    if (program.pid == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)dup2(ends[1], STDERR_FILENO);
        execv(words[0], (char *const *)(uintptr_t)words);
        _exit(127);
    }
    close(ends[1]);
    return program;
}

struct program_end program_end(struct program program)
{
    struct program_end end = {0};
    char part[1000];
    int status;

    for (ssize_t n = read(program.out, part, sizeof(part)); n > 0;
         n = read(program.out, part, sizeof(part)))
        zdd_buf_append(&end.words, part, (size_t)n);
    close(program.out);
    zdd_buf_text(&end.words, "");
    assert_int_equal(end.words.err, ZDD_ERR_NONE);
    assert_int_equal(waitpid(program.pid, &status, 0), program.pid);
    end.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return end;
}

void program_expect(struct program program, int status, const char *text)
{
    struct program_end end = program_end(program);

    if (end.status != status || !strstr(end.words.data, text))
        fail_msg("wanted %d and \"%s\", got %d and \"%s\"", status, text, end.status,
                 end.words.data);
    zdd_buf_release(&end.words);
}
