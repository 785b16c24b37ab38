/* Lua: one of several scripts in the reference interpreter.
 * args: script n */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const script[] = {
    /* 0: eight queens and permutations through coroutines */
    "local n = ... local found = 0\n"
    "local function ok(a, r, c) for i = 1, r - 1 do if a[i] == c or a[i] - i == c - r or"
    " a[i] + i == c + r then return false end end return true end\n"
    "local function add(a, r) if r > n then found = found + 1 else for c = 1, n do"
    " if ok(a, r, c) then a[r] = c add(a, r + 1) end end end end\n"
    "add({}, 1)\n"
    "local function gen(a, k) if k == 0 then coroutine.yield(a) else for i = 1, k do"
    " a[k], a[i] = a[i], a[k] gen(a, k - 1) a[k], a[i] = a[i], a[k] end end end\n"
    "local s = 0 for p in coroutine.wrap(function() gen({1, 2, 3, 4, 5}, 5) end) do"
    " s = s * 3 % 65521 + p[1] + p[4] end return found * 65536 + s",
    /* 1: string work: gsub, format, patterns, concatenation, table of words */
    "local n = ... local parts, count = {}, {}\n"
    "for i = 1, n do parts[#parts + 1] = string.format('%s%03d', ('key'):rep(i % 3 + 1),"
    " i * i % 211) end\n"
    "local text = table.concat(parts, ', ')\n"
    "for w, d in text:gmatch('(%a+)(%d+)') do count[w .. d % 10] = (count[w .. d % 10] or 0) + 1 end\n"
    "local up = text:gsub('key', function(s) return s:upper():reverse() end)\n"
    "local keys = {} for k in pairs(count) do keys[#keys + 1] = k end table.sort(keys)\n"
    "local h = #up for _, k in ipairs(keys) do h = (h * 31 + count[k] + #k) % 1000003 end return h",
    /* 2: objects with metatables: a priority queue driving a simulation */
    "local n = ... local Heap = {} Heap.__index = Heap\n"
    "function Heap.new(less) return setmetatable({less = less, n = 0}, Heap) end\n"
    "function Heap:push(v) self.n = self.n + 1 local i = self.n self[i] = v\n"
    " while i > 1 and self.less(self[i], self[i // 2]) do local p = i // 2"
    " self[i], self[p] = self[p], self[i] i = p end end\n"
    "function Heap:pop() local top = self[1] self[1] = self[self.n] self[self.n] = nil"
    " self.n = self.n - 1 local i = 1\n"
    " while true do local c = 2 * i if c > self.n then break end\n"
    "  if c < self.n and self.less(self[c + 1], self[c]) then c = c + 1 end\n"
    "  if not self.less(self[c], self[i]) then break end\n"
    "  self[i], self[c] = self[c], self[i] i = c end return top end\n"
    "local q = Heap.new(function(a, b) return a.t < b.t end)\n"
    "for i = 1, 16 do q:push({t = i * 1.5, id = i}) end local sum = 0\n"
    "for i = 1, n do local e = q:pop() sum = (sum * 7 + e.id) % 99991"
    " q:push({t = e.t + 1 + (e.id * i % 13) / 4, id = e.id}) end return sum",
    /* 3: floating point: matrix product and a Mandelbrot row */
    "local n = ... local function mk(f) local m = {} for i = 1, n do m[i] = {} for j = 1, n do"
    " m[i][j] = f(i, j) end end return m end\n"
    "local a, b = mk(function(i, j) return i / j end), mk(function(i, j) return i - j end)\n"
    "local tr = 0.0 for i = 1, n do for j = 1, n do local s = 0.0 for k = 1, n do"
    " s = s + a[i][k] * b[k][j] end tr = tr + s end end\n"
    "local it = 0 for x = 1, n * 4 do local cr, zr, zi = x / (n * 2) - 1.5, 0.0, 0.0"
    " for i = 1, 60 do zr, zi = zr * zr - zi * zi + cr, 2 * zr * zi + 0.2"
    " if zr * zr + zi * zi > 4 then break end it = it + 1 end end\n"
    "return it + tr // 1 % 1000",
};

int main(int argc, char **argv) {
    int which = argc > 1 ? atoi(argv[1]) & 3 : 0;
    lua_State *L = luaL_newstate();
    luaL_requiref(L, LUA_GNAME, luaopen_base, 1);
    luaL_requiref(L, LUA_COLIBNAME, luaopen_coroutine, 1);
    luaL_requiref(L, LUA_TABLIBNAME, luaopen_table, 1);
    luaL_requiref(L, LUA_STRLIBNAME, luaopen_string, 1);
    lua_settop(L, 0);
    if (luaL_loadstring(L, script[which]))
        return 1;
    lua_pushinteger(L, argc > 2 ? atol(argv[2]) : 6);
    if (lua_pcall(L, 1, 1, 0)) {
        puts(lua_tostring(L, -1));
        return 1;
    }
    printf("checksum %s\n", luaL_tolstring(L, -1, NULL));
    lua_close(L);
    return 0;
}
