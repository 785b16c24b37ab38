/* QuickJS: run one of several JavaScript programs.
 * args: script n */
#include <quickjs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const scripts[] = {
    /* 0: closures, arrays, sorting with a comparator */
    "function run(n){let a=[],s=17;for(let i=0;i<n;i++){s=(s*75+74)%65537;a.push({k:s,v:i});}"
    "a.sort((x,y)=>x.k-y.k);return a.filter(o=>o.k%3==0).map(o=>o.v*2)"
    ".reduce((p,q)=>(p*31+q)|0,7);}",
    /* 1: string building, splitting, regular expressions, a Map of words */
    "function run(n){let t='';for(let i=0;i<n;i++)t+='w'+((i*i)%97)+(i%5?' ':'\\n');"
    "let m=new Map();for(const w of t.split(/\\s+/))m.set(w,(m.get(w)||0)+1);"
    "let h=0;for(const [k,v] of m)h=(h*33+k.length*v+k.charCodeAt(1))|0;"
    "return h+t.replace(/w(\\d)/g,'$1-').length;}",
    /* 2: classes, inheritance, generators, exceptions */
    "class S{constructor(w){this.w=w}area(){return this.w*this.w}}"
    "class C extends S{area(){if(this.w>90)throw new Error('big');return super.area()*3.14}}"
    "function*g(n){for(let i=0;i<n;i++)yield i%2?new S(i%100):new C(i%100)}"
    "function run(n){let a=0;for(const s of g(n)){try{a+=s.area()}catch(e){a-=e.message.length}}"
    "return Math.floor(a)|0;}",
    /* 3: typed arrays and floating point: a small spectral norm */
    "function run(n){const u=new Float64Array(n).fill(1),v=new Float64Array(n);"
    "const A=(i,j)=>1/((i+j)*(i+j+1)/2+i+1);for(let r=0;r<2;r++){"
    "for(let i=0;i<n;i++){let t=0;for(let j=0;j<n;j++)t+=A(i,j)*u[j];v[i]=t;}"
    "for(let i=0;i<n;i++){let t=0;for(let j=0;j<n;j++)t+=A(j,i)*v[j];u[i]=t;}}"
    "return Math.round(u[0]*1e6)|0;}",
    /* 4: JSON, recursion over objects, BigInt */
    "function mk(d){return d?{l:mk(d-1),r:mk(d-1),t:['x',d,null,true]}:{leaf:1}}"
    "function sz(o){let c=1;for(const k in o)if(typeof o[k]=='object'&&o[k])c+=sz(o[k]);return c}"
    "function run(n){const j=JSON.stringify(mk(n));const o=JSON.parse(j);let b=1n;"
    "for(let i=1n;i<40n;i++)b*=i;return (j.length*7+sz(o)+Number(b%1000007n))|0;}",
};

int main(int argc, char **argv) {
    int which = argc > 1 ? atoi(argv[1]) % 5 : 0, n = argc > 2 ? atoi(argv[2]) : 200;
    JSRuntime *rt = JS_NewRuntime();
    JSContext *ctx = JS_NewContext(rt);
    char call[64];
    JSValue v = JS_Eval(ctx, scripts[which], strlen(scripts[which]), "s", JS_EVAL_TYPE_GLOBAL);
    if (JS_IsException(v))
        return 1;
    JS_FreeValue(ctx, v);
    sprintf(call, "run(%d)", n);
    v = JS_Eval(ctx, call, strlen(call), "c", JS_EVAL_TYPE_GLOBAL);
    int32_t result;
    if (JS_IsException(v) || JS_ToInt32(ctx, &result, v))
        return 2;
    JS_FreeValue(ctx, v);
    JS_FreeContext(ctx);
    JS_FreeRuntime(rt);
    printf("checksum %08x\n", (unsigned)result);
    return 0;
}
