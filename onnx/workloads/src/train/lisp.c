/* A small Lisp: reader, environments, closures, mark-and-sweep collector.
 * args: program(0 tak, 1 list sort, 2 church numerals) n */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct obj { int kind, mark; union { long num; char sym[12];
    struct { struct obj *a, *d; } p; struct { struct obj *fn, *env; } c; } u; } obj;
enum { NIL, NUM, SYM, PAIR, PRIM, CLOSURE };

static obj *heap, *freelist, nil_cell, *nil = &nil_cell, *global, *keep[20000], *symtab;
static int cells = 12000, kept;
static long collections;

static void mark(obj *o) {
    while (o && !o->mark) {
        o->mark = 1;
        if (o->kind != PAIR && o->kind != CLOSURE)
            return;
        mark(o->u.p.a);
        o = o->u.p.d;
    }
}

static obj *alloc(int kind) {
    if (!freelist) {
        mark(global), mark(symtab);
        for (int i = 0; i < kept; i++)
            mark(keep[i]);
        for (obj *o = heap; o < heap + cells; o++) {
            if (!o->mark) {
                o->u.p.d = freelist;
                o->kind = NIL;
                freelist = o;
            }
            o->mark = 0;
        }
        nil->mark = 0;
        collections++;
        if (!freelist)
            exit(3);
    }
    obj *o = freelist;
    freelist = o->u.p.d;
    o->kind = kind;
    return o;
}

static obj *save(obj *o) {
    if (kept == 20000)
        exit(4);
    return keep[kept++] = o;
}
static obj *cons(obj *a, obj *d) {
    int k = kept;
    save(a), save(d);
    obj *o = alloc(PAIR);
    o->u.p.a = a, o->u.p.d = d;
    kept = k;
    return o;
}
static obj *num(long n) {
    obj *o = alloc(NUM);
    o->u.num = n;
    return o;
}
static obj *sym(const char *s, int n) {
    for (obj *p = symtab; p->kind == PAIR; p = p->u.p.d)
        if (!strncmp(p->u.p.a->u.sym, s, n) && !p->u.p.a->u.sym[n])
            return p->u.p.a;
    obj *o = alloc(SYM);
    memcpy(o->u.sym, s, n);
    o->u.sym[n] = 0;
    save(o);
    symtab = cons(o, symtab);
    kept--;
    return o;
}

static obj *read(const char **s) {
    while (**s == ' ')
        ++*s;
    if (**s == '(') {
        ++*s;
        obj *items[64], *l = nil;
        int n = 0, k = kept;
        for (;; n++) {
            while (**s == ' ')
                ++*s;
            if (**s == ')')
                break;
            items[n] = save(read(s));
        }
        ++*s;
        while (n--)
            l = cons(items[n], l);
        kept = k;
        return l;
    }
    const char *b = *s;
    while (!strchr(" ()", **s))
        ++*s;
    return *b >= '0' && *b <= '9' ? num(atol(b)) : sym(b, (int)(*s - b));
}

static obj *bind(obj *name, obj *value, obj *env) {
    int k = kept;
    save(env);
    obj *pair = save(cons(name, value)), *r = cons(pair, env);
    kept = k;
    return r;
}

static obj *eval(obj *e, obj *env) {
    int k = kept;
    for (;;) {
        save(e), save(env);
        if (e->kind == SYM) {
            kept = k;
            for (obj *p = env; p->kind == PAIR; p = p->u.p.d)
                if (p->u.p.a->u.p.a == e)
                    return p->u.p.a->u.p.d;
            for (obj *p = global; p->kind == PAIR; p = p->u.p.d)
                if (p->u.p.a->u.p.a == e)
                    return p->u.p.a->u.p.d;
            return nil;
        }
        if (e->kind != PAIR) {
            kept = k;
            return e;
        }
        obj *head = e->u.p.a, *rest = e->u.p.d;
        if (head->kind == SYM && !strcmp(head->u.sym, "if")) {
            obj *c = eval(rest->u.p.a, env);
            e = c != nil ? rest->u.p.d->u.p.a : rest->u.p.d->u.p.d->u.p.a;
            kept = k;
            continue;
        }
        if (head->kind == SYM && !strcmp(head->u.sym, "fn")) {
            obj *c = alloc(CLOSURE);
            c->u.c.fn = rest, c->u.c.env = env;
            kept = k;
            return c;
        }
        if (head->kind == SYM && !strcmp(head->u.sym, "def")) {
            obj *v = save(eval(rest->u.p.d->u.p.a, env));
            global = bind(rest->u.p.a, v, global);
            kept = k;
            return v;
        }
        obj *f = save(eval(head, env)), *v[4] = {nil, nil, nil, nil};
        int n = 0;
        for (obj *a = rest; a->kind == PAIR && n < 4; a = a->u.p.d)
            v[n++] = save(eval(a->u.p.a, env));
        if (f->kind == CLOSURE) {
            obj *inner = f->u.c.env, *p = f->u.c.fn->u.p.a;
            for (int i = 0; i < n && p->kind == PAIR; i++, p = p->u.p.d)
                inner = save(bind(p->u.p.a, v[i], inner));
            e = f->u.c.fn->u.p.d->u.p.a;
            env = inner;
            kept = k;
            continue;
        }
        obj *r = nil;
        if (f->kind == PRIM)
            switch (f->u.num) {
            case '+': r = num(v[0]->u.num + v[1]->u.num); break;
            case '-': r = num(v[0]->u.num - v[1]->u.num); break;
            case '<': r = v[0]->u.num < v[1]->u.num ? f : nil; break;
            case 'c': r = cons(v[0], v[1]); break;
            case 'a': r = v[0]->u.p.a; break;
            case 'd': r = v[0]->u.p.d; break;
            case 'n': r = v[0] == nil ? f : nil; break;
            case '%': r = num(v[0]->u.num % v[1]->u.num); break;
            }
        kept = k;
        return r;
    }
}

static const char *const programs[] = {
    "(def tak (fn (x y z) (if (< y x) (tak (tak (- x 1) y z) (tak (- y 1) z x) (tak (- z 1) x y)) z)))"
    "(def main (fn (n) (tak n (- n 4) (- n 8))))",
    "(def gen (fn (n s) (if (< n 1) (d (c 1 nil)) (c s (gen (- n 1) (% (+ s (+ s (+ s 17))) 1009))))))"
    "(def ins (fn (x l) (if (n l) (c x l) (if (< x (a l)) (c x l) (c (a l) (ins x (d l)))))))"
    "(def sort (fn (l) (if (n l) l (ins (a l) (sort (d l))))))"
    "(def sum (fn (l k) (if (n l) k (sum (d l) (% (+ k (+ k (a l))) 65521)))))"
    "(def main (fn (n) (sum (sort (gen n 5)) 1)))",
    "(def zero (fn (f) (fn (x) x)))(def succ (fn (m) (fn (f) (fn (x) (f ((m f) x))))))"
    "(def mul (fn (p q) (fn (f) (p (q f)))))(def church (fn (k) (if (< k 1) zero (succ (church (- k 1))))))"
    "(def main (fn (n) (((mul (church n) (church n)) (fn (x) (+ x 3))) 0)))"};

int main(int argc, char **argv) {
    const char *s = programs[argc > 1 ? atoi(argv[1]) % 3 : 0], *prims = "+-<cadn%";
    heap = calloc(cells, sizeof *heap);
    for (int i = 0; i < cells; i++)
        heap[i].u.p.d = i + 1 < cells ? heap + i + 1 : 0;
    freelist = heap;
    global = symtab = nil;
    for (const char *p = prims; *p; p++) {
        obj *f = save(alloc(PRIM));
        f->u.num = *p;
        global = bind(sym(p, 1), f, global);
    }
    kept = 0;
    while (*s)
        eval(save(read(&s)), nil), kept = 0;
    char call[32];
    sprintf(call, "(main %d)", argc > 2 ? atoi(argv[2]) : 8);
    s = call;
    obj *r = eval(save(read(&s)), nil);
    printf("checksum %ld %ld\n", r->u.num, collections);
    return 0;
}
