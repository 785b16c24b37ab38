/* Atomics of every kind and order, assembly that compilers never write, and the entry point. */
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

uint64_t integers(uint64_t seed);
double floats(double x);

static _Atomic int32_t word;
static _Atomic uint64_t wide;

#define EACH(object, value) \
    do { \
        atomic_fetch_add_explicit(&object, value, memory_order_relaxed); \
        atomic_fetch_sub_explicit(&object, value, memory_order_acquire); \
        atomic_fetch_or_explicit(&object, value, memory_order_release); \
        atomic_fetch_and_explicit(&object, value, memory_order_acq_rel); \
        sum += atomic_fetch_xor_explicit(&object, value, memory_order_seq_cst); \
        sum += atomic_exchange(&object, value); \
        sum += atomic_compare_exchange_strong(&object, &expect_##object, value); \
        sum += atomic_load(&object); \
        atomic_store(&object, sum); \
    } while (0)

/* Every atomic with every ordering, CSR accesses, and what else no compiler emits. */
__attribute__((noinline)) void by_hand(void *p, uint64_t x)
{
#define ORDER(op, tail) \
    __asm__ volatile(op " " tail "\n" op ".aq " tail "\n" op ".rl " tail "\n" op ".aqrl " tail \
                     : : "r"(p), "r"(x) : "memory", "a5")
#define WIDTHS(op, tail) ORDER(op ".w", tail); ORDER(op ".d", tail)
    WIDTHS("lr", "a5,(%0)");
    WIDTHS("sc", "a5,%1,(%0)");
    WIDTHS("amoadd", "a5,%1,(%0)");
    WIDTHS("amoswap", "a5,%1,(%0)");
    WIDTHS("amoxor", "a5,%1,(%0)");
    WIDTHS("amoor", "a5,%1,(%0)");
    WIDTHS("amoand", "x0,%1,(%0)");
    WIDTHS("amomin", "a5,x0,(%0)");
    WIDTHS("amomax", "a5,%1,(%0)");
    WIDTHS("amominu", "a5,%1,(%0)");
    WIDTHS("amomaxu", "a5,%1,(%0)");
    __asm__ volatile("csrrw a5,fcsr,%0\ncsrrw x0,fflags,%0\ncsrrs a5,cycle,x0\ncsrrs a5,frm,%0\n"
                     "csrrc a5,fcsr,%0\ncsrrc x0,fcsr,x0\ncsrrwi x0,frm,0\ncsrrwi a5,frm,3\n"
                     "csrrsi a5,fflags,0\ncsrrsi x0,fflags,3\ncsrrci a5,fflags,1\nrdtime a5\n"
                     "rdinstret a5\nfence.tso\nfence w,r\nfence.i\nfclass.s a5,fa0\n"
                     "fclass.d a5,fa0\nfsgnjx.s fa0,fa1,fa2\nmulhsu a5,%0,%0\njalr t0,0(t1)\n"
                     "jalr ra,0(t0)\njalr t0,0(t0)\njalr a5,0(t0)\njal t0,1f\n1:\necall"
                     : : "r"(x) : "a5", "t0", "ra", "memory");
}

int main(int argc, char **argv)
{
    uint64_t sum = integers((uint64_t)argc);
    int32_t expect_word = 1;
    uint64_t expect_wide = 1;
    EACH(word, 5);
    EACH(wide, 7);
    atomic_thread_fence(memory_order_acquire);
    if (argc > 90)
        by_hand(argv, sum);
    return printf("%llu %g\n", (unsigned long long)sum, floats(argc)) < 0;
}
