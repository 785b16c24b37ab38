/* tree-sitter with the grammar of Python, whose blocks come from indentation:
 * parse generated modules, break and repair lines, reparse, query the tree by walking.
 * args: seed functions edits */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tree_sitter/api.h>

const TSLanguage *tree_sitter_python(void);

static unsigned s;
static char *text;
static unsigned size;

static unsigned rnd(unsigned n) {
    s ^= s << 13, s ^= s >> 17, s ^= s << 5;
    return s % n;
}

static void put(const char *line, int depth) {
    size += sprintf(text + size, "%*s%s\n", depth * 4, "", line);
}

static void block(int depth) {
    static const char *const line[] = {"x = [i ** 2 for i in range(10) if i % 3]", "print(f'{x!r:>10} {y}')",
        "a, *b = call(1, key='v', **more)", "assert isinstance(x, (int, str)), \"no\"", "y = lambda q: q or not x",
        "return {'k': v, **other}", "del x[1:2, ...]", "raise ValueError('''long\n text''') from None",
        "z: dict[str, int] = await f(x @ m) if y else None", "# a comment"};
    static const char *const head[] = {"if x < 3 <= y:", "for i, (j, k) in enumerate(items):", "while True:",
        "with open(p) as f, lock:", "try:", "def inner(a, b: int = 4, *, c=None) -> str:", "class C(Base, metaclass=M):"};
    for (int i = 0; i < 3; i++) {
        if (depth < 5 && rnd(3) == 0) {
            int kind = rnd(7);
            put(head[kind], depth);
            block(depth + 1);
            if (kind == 0)
                put("else:", depth), put("pass", depth + 1);
            if (kind == 4)
                put("except (A, B) as e:", depth), put("raise", depth + 1);
        } else
            put(line[rnd(10)], depth);
    }
}

static unsigned walk(TSTreeCursor *at) {
    unsigned sum = 1;
    do {
        TSNode node = ts_tree_cursor_current_node(at);
        sum = sum * 31 + ts_node_symbol(node) + ts_node_end_byte(node) + ts_node_has_error(node);
        if (ts_tree_cursor_goto_first_child(at)) {
            sum = sum * 17 + walk(at);
            ts_tree_cursor_goto_parent(at);
        }
    } while (ts_tree_cursor_goto_next_sibling(at));
    return sum;
}

int main(int argc, char **argv) {
    s = argc > 1 ? strtoul(argv[1], 0, 0) : 3;
    int functions = argc > 2 ? atoi(argv[2]) : 6, edits = argc > 3 ? atoi(argv[3]) : 3;
    text = malloc((size_t)functions * 60000 + 64);
    for (int i = 0; i < functions; i++)
        put(i % 2 ? "@decorated(1)" : "", 0), put("async def outer(self):", 0), block(1);
    TSParser *parser = ts_parser_new();
    ts_parser_set_language(parser, tree_sitter_python());
    TSTree *tree = ts_parser_parse_string(parser, NULL, text, size);
    unsigned sum = 0;
    for (int e = 0; e <= edits; e++) {
        TSTreeCursor at = ts_tree_cursor_new(ts_tree_root_node(tree));
        sum = sum * 31 + walk(&at);
        ts_tree_cursor_delete(&at);
        unsigned where = rnd(size - 1);
        text[where] = "(:x\n"[rnd(4)];
        TSInputEdit edit = {where, where + 1, where + 1, {0, where}, {0, where + 1}, {0, where + 1}};
        ts_tree_edit(tree, &edit);
        TSTree *next = ts_parser_parse_string(parser, tree, text, size);
        ts_tree_delete(tree);
        tree = next;
    }
    printf("checksum %08x %u\n", sum, size);
    return 0;
}
