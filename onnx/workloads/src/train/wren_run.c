/* Wren: compile and run a script with classes, fibers, maps, lists and strings.
 * args: script(0 classes, 1 fibers and closures, 2 maps and text) size */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wren.h>

static unsigned sum, written;

static void on_write(WrenVM *vm, const char *text) {
    (void)vm;
    for (; *text; text++, written++)
        sum = sum * 33 + (unsigned char)*text;
}

static void on_error(WrenVM *vm, WrenErrorType type, const char *module, int line, const char *message) {
    (void)vm, (void)type;
    fprintf(stderr, "%s:%d %s\n", module ? module : "?", line, message);
}

static const char *const scripts[] = {
    "class Shape {\n  construct new(n) { _n = n }\n  n { _n }\n  area { 0 }\n"
    "  scale(k) { _n = (_n * k) % 97 + 1 }\n  ==(o) { o is Shape && o.n == _n }\n}\n"
    "class Square is Shape {\n  construct new(n) { super(n) }\n  area { n * n }\n}\n"
    "class Ring is Shape {\n  construct new(n, h) {\n    super(n)\n    _h = h\n  }\n"
    "  area { 3.14159 * (n * n - _h * _h).abs }\n  toString { \"ring(%(n),%(_h))\" }\n}\n"
    "class Tree {\n  construct new(d) {\n    _v = d\n    if (d > 0) {\n      _l = Tree.new(d - 1)\n"
    "      _r = Tree.new(d - 1)\n    }\n  }\n"
    "  sum { _l == null ? _v : _v + _l.sum + _r.sum }\n}\n"
    "var all = []\nfor (i in 1..N) {\n  all.add(i % 2 == 0 ? Square.new(i % 50) : Ring.new(i % 40, i % 7))\n}\n"
    "var total = 0\nvar same = 0\nfor (k in 2..6) {\n  for (s in all) {\n    s.scale(k)\n"
    "    total = total + s.area\n    if (s == all[k]) same = same + 1\n  }\n}\n"
    "System.print(\"%(total.floor) %(same) %(all[2]) %(Tree.new(8).sum)\")\n",
    "var walk = Fn.new { |n, f|\n  return Fiber.new {\n    var x = n\n    while (x != 1) {\n"
    "      Fiber.yield(x)\n      x = x % 2 == 0 ? x / 2 : 3 * x + 1\n    }\n  }\n}\n"
    "var seen = 0\nfor (i in 2..N) {\n  var w = walk.call(i, null)\n  var y = w.call()\n"
    "  while (!w.isDone) {\n    seen = (seen * 31 + (y == null ? 7 : y)) % 1000003\n    y = w.call()\n  }\n}\n"
    "var fib = Fn.new { |n, me| n < 2 ? n : me.call(n - 1, me) + me.call(n - 2, me) }\n"
    "var adders = (1..20).map { |k| Fn.new { |x| x + k } }.toList\n"
    "System.print(\"%(seen) %(fib.call(15, fib)) %(adders.reduce(0) { |a, f| f.call(a) })\")\n",
    "var words = [\"tea\", \"salt\", \"rope\", \"lamp\", \"coal\", \"iron\", \"wheat\", \"silk\"]\n"
    "var stock = {}\nvar seed = 17\nvar log = []\nfor (i in 1..N) {\n  seed = (seed * 1103 + 12345) % 65536\n"
    "  var key = words[seed % 8] + \"-\" + (seed % 41).toString\n"
    "  stock[key] = (stock.containsKey(key) ? stock[key] : 0) + seed % 9\n"
    "  if (i % 9 == 0) stock.remove(key)\n  if (i % 5 == 0) log.insert(seed % (log.count + 1), key)\n}\n"
    "var text = log.join(\",\")\nvar hits = 0\nfor (w in words) {\n  var at = text.indexOf(w)\n"
    "  while (at >= 0 && at + 1 < text.bytes.count) {\n    hits = hits + at % 10\n    at = text.indexOf(w, at + 1)\n  }\n}\n"
    "var parts = text.replace(\"tea\", \"coffee\").split(\",\").where { |p| p.count > 6 }.toList\n"
    "var sum = 0\nfor (v in stock.values) sum = sum + v\n"
    "System.print(\"%(stock.count) %(sum) %(hits) %(parts.count) %(parts[0])\")\n"};

int main(int argc, char **argv) {
    int kind = argc > 1 ? atoi(argv[1]) % 3 : 0;
    char head[64];
    WrenConfiguration config;
    wrenInitConfiguration(&config);
    config.writeFn = on_write;
    config.errorFn = on_error;
    WrenVM *vm = wrenNewVM(&config);
    snprintf(head, sizeof head, "var N = %d\n", argc > 2 ? atoi(argv[2]) : 200);
    char *source = malloc(strlen(head) + strlen(scripts[kind]) + 1);
    strcat(strcpy(source, head), scripts[kind]);
    if (wrenInterpret(vm, source) != WREN_RESULT_SUCCESS)
        return 1;
    wrenFreeVM(vm);
    printf("checksum %08x %u\n", sum, written);
    return 0;
}
