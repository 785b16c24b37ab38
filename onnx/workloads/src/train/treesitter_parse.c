/* tree-sitter: parse generated C or JavaScript, edit, reparse, walk the tree.
 * args: language(0 C, 1 JavaScript) seed functions */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tree_sitter/api.h>

const TSLanguage *tree_sitter_c(void);
const TSLanguage *tree_sitter_javascript(void);

static unsigned seed;
static unsigned pick(unsigned n) {
    seed = seed * 1140671485u + 12820163u;
    return (seed >> 12) % n;
}

static size_t expression(char *p, int depth) {
    static const char *const ops[] = {"+", "*", "-", "<<", "==", "&&"};
    if (depth == 0 || pick(4) == 0)
        return (size_t)sprintf(p, pick(2) ? "v%u" : "%u", pick(50));
    size_t n = (size_t)sprintf(p, pick(3) ? "(" : "f%u(", pick(9));
    n += expression(p + n, depth - 1);
    n += (size_t)sprintf(p + n, " %s ", ops[pick(6)]);
    n += expression(p + n, depth - 1);
    return n + (size_t)sprintf(p + n, ")");
}

static size_t function(char *p, int js, int i) {
    size_t n = (size_t)sprintf(p, js ? "function f%d(a, {b, c} = {}) {\n" :
                               "static int f%d(int a, struct s *b) {\n", i);
    for (int k = 0; k < 4; k++) {
        n += (size_t)sprintf(p + n, js ? "  const x%d = " : "  int x%d = ", k);
        n += expression(p + n, 3);
        n += (size_t)sprintf(p + n, js && pick(2) ? ";\n  if (x%d) { g(`t${a}`); } else y++;\n"
                             : ";\n  if (x%d) { g(\"t\", a); } else y++;\n", k);
    }
    return n + (size_t)sprintf(p + n, js ? "  return [...a].map((q) => q + b);\n}\n"
                               : "  for (a = 0; a < 9; a++) b->c[a] |= 3;\n  return a;\n}\n");
}

static unsigned walk(TSNode node) {
    unsigned h = ts_node_symbol(node) * 31 + ts_node_start_byte(node);
    for (unsigned i = 0; i < ts_node_child_count(node) && i < 12; i++)
        h = h * 17 + walk(ts_node_child(node, i));
    return h;
}

int main(int argc, char **argv) {
    int js = argc > 1 ? atoi(argv[1]) : 0, count = argc > 3 ? atoi(argv[3]) : 20;
    seed = argc > 2 ? strtoul(argv[2], 0, 0) : 1;
    char *text = malloc((size_t)count * 2000 + 1);
    size_t n = 0;
    for (int i = 0; i < count; i++)
        n += function(text + n, js, i);
    TSParser *parser = ts_parser_new();
    ts_parser_set_language(parser, js ? tree_sitter_javascript() : tree_sitter_c());
    TSTree *tree = ts_parser_parse_string(parser, 0, text, (uint32_t)n);
    unsigned sum = walk(ts_tree_root_node(tree));
    uint32_t at = (uint32_t)(strchr(text + n / 2, '(') - text);
    text[at] = '[';
    TSInputEdit edit = {at, at + 1, at + 1, {0, at}, {0, at + 1}, {0, at + 1}};
    ts_tree_edit(tree, &edit);
    TSTree *again = ts_parser_parse_string(parser, tree, text, (uint32_t)n);
    sum ^= ts_node_descendant_count(ts_tree_root_node(again)) << 8;
    printf("checksum %08x\n", sum);
    return 0;
}
