/* Duktape: run one of a few ECMAScript 5 programs.
 * args: script n */
#include <duktape.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const scripts[] = {
    /* 0: prototypes and a binary search tree */
    "function Node(k){this.k=k;this.l=null;this.r=null}\n"
    "Node.prototype.add=function(k){var s=k<this.k?'l':'r';"
    "if(this[s])this[s].add(k);else this[s]=new Node(k)};\n"
    "Node.prototype.walk=function(f){if(this.l)this.l.walk(f);f(this.k);if(this.r)this.r.walk(f)};\n"
    "function run(n){var t=new Node(500),x=7,h=0;for(var i=0;i<n;i++){x=(x*137+29)%1021;t.add(x)}"
    "t.walk(function(k){h=(h*31+k)|0});return h}",
    /* 1: strings: a tokenizer and a run-length coder */
    "function run(n){var s='';for(var i=0;i<n;i++)s+=String.fromCharCode(97+(i*i>>3)%5);"
    "var o='',c=0;for(i=0;i<s.length;i++){c++;if(s.charAt(i)!==s.charAt(i+1)){o+=c+s[i];c=0}}"
    "var m=o.match(/\\d+[a-c]/g)||[];var w=o.split(/[de]/);w.sort();"
    "return (o.length*31+m.length*7+w.join('-').indexOf('3a'))|0}",
    /* 2: numbers: a Sobel-like filter over nested arrays, with closures */
    "function grid(n,f){var g=[];for(var y=0;y<n;y++){g[y]=[];for(var x=0;x<n;x++)g[y][x]=f(x,y)}"
    "return g}\nfunction run(n){var a=grid(n,function(x,y){return (x*y)%17+Math.sin(x)});"
    "var s=0;for(var y=1;y<n-1;y++)for(var x=1;x<n-1;x++){"
    "var u=a[y-1][x]-a[y+1][x],v=a[y][x-1]-a[y][x+1];s+=Math.sqrt(u*u+v*v)}return Math.floor(s)}"};

int main(int argc, char **argv) {
    int which = argc > 1 ? atoi(argv[1]) % 3 : 0, n = argc > 2 ? atoi(argv[2]) : 50;
    duk_context *ctx = duk_create_heap_default();
    if (duk_peval_string_noresult(ctx, scripts[which]))
        return 1;
    duk_get_global_string(ctx, "run");
    duk_push_int(ctx, n);
    if (duk_pcall(ctx, 1)) {
        puts(duk_safe_to_string(ctx, -1));
        return 2;
    }
    printf("checksum %08x\n", (unsigned)duk_get_int(ctx, -1));
    duk_destroy_heap(ctx);
    return 0;
}
