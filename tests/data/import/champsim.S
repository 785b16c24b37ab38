# A program for ChampSim's tracer without a C library: sums an array by way of a call in a loop, a
# table of functions, a read-modify-write, a string instruction, and SSE.
    .intel_syntax noprefix
    .globl _start
_start:
    lea     rsi, array[rip]
    xor     eax, eax
    mov     ecx, 8
1:  mov     rdi, [rsi]
    call    add_up
    add     rsi, 8
    dec     rcx
    jnz     1b
    add     sum[rip], rax
    lea     rdx, functions[rip]
    mov     ebx, 1
2:  call    [rdx + 8 * rbx]
    dec     ebx
    jns     2b
    lea     rsi, array[rip]
    lea     rdi, copy[rip]
    mov     ecx, 4
    rep movsq
    movupd  xmm0, copy[rip]
    addpd   xmm0, xmm0
    movupd  copy[rip], xmm0
    cmp     rax, 31
    jne     3f
    mov     eax, 60
    xor     edi, edi
    jmp     4f
3:  mov     eax, 60
    mov     edi, 1
4:  syscall

add_up:
    push    rbp
    add     rax, rdi
    pop     rbp
    ret
first:
    xor     r8, r8
    ret
second:
    lea     r9, third[rip]
    jmp     r9
third:
    imul    r9, r9
    ret

    .data
    .balign 64
array:
    .quad   3, 1, 4, 1, 5, 9, 2, 6
functions:
    .quad   first, second
sum:
    .quad   0
copy:
    .fill   4, 8, 0
