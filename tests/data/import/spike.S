# A program for Spike without an operating system: sums an array, multiplies, divides, swaps
# atomically, takes a trap, drops to user mode, and ends by way of tohost.
    .globl _start
_start:
    .option norelax
    la      t0, trap
    csrw    mtvec, t0
    # Let user mode use all of memory.
    li      t0, -1
    csrw    pmpaddr0, t0
    li      t0, 0x1f
    csrw    pmpcfg0, t0
    csrw    mstatus, zero           # the mode to return to: user
    la      t0, user
    csrw    mepc, t0
    mret

user:
    la      a0, array
    addi    a1, a0, 8 * 8
    li      t2, 0
1:  ld      t1, 0(a0)
    add     t2, t2, t1
    addi    a0, a0, 8
    bne     a0, a1, 1b
    la      a2, sum
    sd      t2, 0(a2)
    lw      a3, 0(a2)
    mul     a4, a3, t2
    divu    a4, a4, t2
    amoadd.d a5, a4, (a2)
    jal     ra, double
    beqz    t2, user
    ecall

double:
    slli    t2, t2, 1
    ret

    .balign 4
trap:
    la      t0, tohost
    li      t1, 1
    sw      t1, 0(t0)
    sw      zero, 4(t0)
1:  wfi                             # Spike looks at tohost while a hart waits
    j       1b

    .data
    .balign 8
array:
    .dword  3, 1, 4, 1, 5, 9, 2, 6
sum:
    .dword  0

    .section .tohost, "aw", @progbits
    .balign 64
    .globl tohost, fromhost
tohost:
    .dword  0
    .balign 64
fromhost:
    .dword  0
