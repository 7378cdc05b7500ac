/*
 * System calls that were written down, made one after the other: what `realrun.linux.calls` does, in C.
 *
 * A list of them is a *piece* of memory: its header, the calls, the texts they point to, and the
 * places in it that hold addresses, counted from the piece's beginning until `settle` has been called.
 * A *program* is several pieces, one for each step of the plan. The child looks at nothing else of its
 * parent's memory, so it need not be given anything else (`realrun.linux.ownmemory`).
 *
 * Sources: clone3(2), syscall(2), clock_gettime(2).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { NOT_FOUND = -1, SAVED = 16, TRIES = 1000000 };

struct call {
    int64_t number;        /* of the system call, or NOT_FOUND */
    int64_t args[6];
    uint32_t from_saved;   /* bit n: args[n] is the number of a result that was kept */
    int32_t save;          /* where to keep the result, or -1 */
    int32_t fine[3];       /* errors that are none */
    int32_t again;         /* the error after which it is made again */
    uint32_t skip, unused; /* how many calls to leave out after an error that is fine */
};

struct piece {
    uint32_t calls, addresses;   /* how many */
    uint32_t addresses_at, size; /* from its beginning: an array of their places; the next piece */
    struct call first[];
};

static void settle(struct piece *piece) /* it will not move any more */
{
    char *memory = (char *)piece;
    uint32_t *place = (uint32_t *)(memory + piece->addresses_at);
    for (uint32_t n = 0; n < piece->addresses; n++)
        *(int64_t *)(memory + place[n]) += (intptr_t)memory;
}

static int is_fine(const struct call *call, int error)
{
    return call->fine[0] == error || call->fine[1] == error || call->fine[2] == error;
}

/* Make the calls of a piece; the number of the first that is refused, from 1, with errno, else 0. */
static int play(const struct piece *piece)
{
    long saved[SAVED], args[6], result;
    int denied = 0, tries;
    const struct call *end = piece->first + piece->calls;
    for (const struct call *call = piece->first; call < end; call++) {
        if (call->number == NOT_FOUND) {
            errno = denied ? EACCES : ENOENT;
            return call - piece->first + 1;
        }
        for (int n = 0; n < 6; n++)
            args[n] = call->from_saved >> n & 1 ? saved[call->args[n]] : call->args[n];
        tries = TRIES;
        do
            result = syscall(call->number, args[0], args[1], args[2], args[3], args[4], args[5]);
        while (result < 0 && errno == call->again && --tries);
        if (result >= 0) {
            if (call->save >= 0)
                saved[call->save] = result;
        } else if (is_fine(call, errno)) {
            denied |= errno == EACCES;
            call += call->skip;
        } else {
            return call - piece->first + 1;
        }
    }
    return 0;
}

static uint64_t ns(clockid_t clock)
{
    struct timespec at;
    clock_gettime(clock, &at);
    return at.tv_sec * 1000000000ULL + at.tv_nsec;
}

/* A step is over, or was refused: as `realrun.runtime.stamps` reads it. */
struct stamp {
    uint8_t kind; /* 1, or 2 */
    uint16_t step;
    uint64_t what, more; /* time and processor time, ns; or errno and the number of the call */
} __attribute__((packed));

static void tell(int out, int kind, int step, uint64_t what, uint64_t more)
{
    struct stamp stamp = { kind, step, what, more };
    if (write(out, &stamp, sizeof stamp) < 0)
        _exit(125); /* nobody is there any more */
}

struct program {
    uint32_t count, first; /* of pieces; where they begin */
    uint32_t steps[];      /* their places in the plan */
};

static void play_all(struct program *program, int out)
{
    struct piece *piece = (struct piece *)((char *)program + program->first);
    for (uint32_t n = 0; n < program->count; n++) {
        int refused = play(piece);
        if (refused) {
            tell(n ? 3 : out, 2, program->steps[n], errno, refused);
            _exit(125);
        }
        tell(3, 1, program->steps[n], ns(CLOCK_MONOTONIC), ns(CLOCK_PROCESS_CPUTIME_ID));
        piece = (struct piece *)((char *)piece + piece->size);
    }
    _exit(125); /* the last one ends with exec */
}

/* A child in new namespaces that makes the calls of all pieces; returns its pid. The first piece
 * makes the descriptor `out`, to which it tells what happens, number 3. */
long launch(uint64_t flags, struct program *program, int out)
{
    struct piece *piece = (struct piece *)((char *)program + program->first);
    for (uint32_t n = 0; n < program->count; n++) {
        settle(piece);
        piece = (struct piece *)((char *)piece + piece->size);
    }
    struct clone_args how = { .flags = flags, .exit_signal = SIGCHLD };
    long pid = syscall(SYS_clone3, &how, sizeof how);
    if (!pid)
        play_all(program, out);
    return pid;
}

/* What a child needs of its parent's memory, beside the program: where this thread's own is. */
uintptr_t of_thread(void)
{
    return (uintptr_t)&errno;
}
