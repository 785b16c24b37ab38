// As much of gem5 as its branch predictors need to compile alone: see predictors_alone.py. All of
// gem5's headers that they include, but for their own, are this one.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

// Features that missed equally often are ranked by the order in which std::sort leaves them; the
// twins' are ranked by number.
#define sort stable_sort

#define DPRINTF(...)
#define inform(...)
#define fatal(...) (std::fprintf(stderr, __VA_ARGS__), std::exit(1))
#define panic(...) fatal(__VA_ARGS__)
#define fatal_if(condition, ...) do { if (condition) fatal(__VA_ARGS__); } while (0)
#define ADD_STAT(name, ...) name()

namespace gem5 {

typedef uint64_t Addr;
typedef int ThreadID;
const Addr MaxAddr = ~Addr(0);

template <class T> constexpr int floorLog2(T x) { int n = 0; while (x > 1) { x >>= 1; n++; } return n; }
template <class T> constexpr int ceilLog2(T x) { return x == 1 ? 0 : floorLog2(T(x - 1)) + 1; }
template <class T> constexpr bool isPowerOf2(T x) { return x != 0 && (x & (x - 1)) == 0; }
inline uint64_t mask(unsigned bits) { return bits >= 64 ? ~0ull : (1ull << bits) - 1; }

struct Random { template <class T> T random() { return 0; } };
inline Random random_mt;

namespace statistics {
struct Group { Group(Group *) {} Group() {} };
struct Scalar { void operator++(int) {} void operator++() {} };
struct Vector { void init(int n) { v.resize(n); } long &operator[](int i) { return v[i]; } std::vector<long> v; };
} // namespace statistics

struct StaticInst {
    bool direct, unconditional;
    bool isDirectCtrl() const { return direct; }
    bool isUncondCtrl() const { return unconditional; }
};
typedef const StaticInst *StaticInstPtr;
inline const StaticInstPtr nullStaticInstPtr = nullptr;

struct SimObjectParams { virtual ~SimObjectParams() {} };

struct SimObject : statistics::Group {
    SimObject(const SimObjectParams &p) : _params(p) {}
    virtual ~SimObject() {}
    virtual void init() {}
    const SimObjectParams &params() const { return _params; }
    const SimObjectParams &_params;
};

} // namespace gem5

#include "params.hh"

namespace gem5::branch_prediction {

struct BPredUnit : SimObject {
    BPredUnit(const BranchPredictorParams &p) : SimObject(p), instShiftAmt(p.instShiftAmt) {}
    virtual bool lookup(ThreadID, Addr, void *&) = 0;
    virtual void updateHistories(ThreadID, Addr, bool, bool, Addr, void *&) = 0;
    virtual void squash(ThreadID, void *&) = 0;
    virtual void update(ThreadID, Addr, bool, void *&, bool, const StaticInstPtr &, Addr) = 0;
    const unsigned instShiftAmt;
};

} // namespace gem5::branch_prediction
