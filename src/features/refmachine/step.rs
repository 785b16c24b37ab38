//! One retirement on all reference machines.

use super::lanes::{select, Event, Lanes, Unit, GROUP, MACHINES, NO_REG, REGS, UNITS};
use super::machines::{Machines, ISSUE_RING, ISSUE_WAYS, QUEUE, RING, STORES};

/// Sizes by group. Reorder window, in retirements.
pub(super) const WINDOW: [usize; 4] = [10, 40, 112, 224];
/// Sets of the issue queue; the first group's machines have none.
pub(super) const ISSUE: [usize; 4] = [1, 3, 9, 24];
/// Loads and stores under way.
pub(super) const LOADS: [usize; 4] = [4, 10, 28, 60];
pub(super) const DRAINS: [usize; 4] = [5, 9, 24, 56];

/// Long past.
const NEVER: i32 = -(1 << 30);

/// All ones for the machines of a group.
const IN_GROUP: [Lanes; 4] = {
    let mut masks = [Lanes::ZERO; 4];
    let mut m = 0;
    while m < MACHINES {
        masks[m / GROUP].0[m] = -1;
        m += 1;
    }
    masks
};

/// The lane `m`, from the row of its group. Whole rows are blended: parts of one, put together in
/// memory, would have to leave the store buffer before they can be read as a vector.
#[inline(always)]
fn of_group(rows: &[&Lanes; 4], m: usize) -> i32 {
    (IN_GROUP[0][m] & rows[0][m])
        | (IN_GROUP[1][m] & rows[1][m])
        | (IN_GROUP[2][m] & rows[2][m])
        | (IN_GROUP[3][m] & rows[3][m])
}

/// The row that each group wrote as many rows ago as its size says.
#[inline(always)]
fn back<'a, T, const N: usize>(ring: &'a [T; N], now: usize, size: &[usize; 4]) -> [&'a T; 4] {
    [
        &ring[now.wrapping_sub(size[0]) % N],
        &ring[now.wrapping_sub(size[1]) % N],
        &ring[now.wrapping_sub(size[2]) % N],
        &ring[now.wrapping_sub(size[3]) % N],
    ]
}

/// All ones if so.
#[inline(always)]
fn mask(b: bool) -> i32 {
    -i32::from(b)
}

impl Machines {
    /// Retires one instruction; `delta` receives the time since the retirement before, in units.
    #[inline(always)]
    pub fn step(&mut self, e: &Event, delta: &mut Lanes) {
        step(self, e, delta);
        if self.fetch[0] > 1 << 28 || self.n.is_multiple_of(4096) && self.late() {
            self.rebase();
        }
    }
}

// How this is laid out decides its speed. A few long loops over the lanes, with masks where there
// could be branches, each become straight vector code; short loops are unrolled into sixteen
// scalar ones that are not always put together again. The loops write to local rows only, which
// nothing else can alias, and the rows go back to the state whole.
#[inline(always)]
fn step(s: &mut Machines, e: &Event, delta: &mut Lanes) {
    let n = s.n;
    let mem = e.data[0] != 0;
    let load = e.unit == Unit::Load;

    let mut fetch = s.fetch;
    let mut ready = Lanes::ZERO;
    let mut set = [Lanes::ZERO; ISSUE_WAYS];
    begin(s, e, &mut fetch, &mut ready, &mut set);

    // Execute. A store's data is there a cycle on; `time` is when it has reached the cache.
    let mut cost = s.p.latency[e.unit as usize];
    let mut time = Lanes::ZERO;
    if mem {
        order(s, e, load, &mut fetch, &mut ready);
        access(s, e, load, &mut ready, &mut time);
        if load {
            cost = time;
        }
    } else if e.unit.unpipelined() {
        for m in 0..MACHINES {
            ready[m] = ready[m].max(s.divider[m]);
            s.divider[m] = ready[m] + cost[m];
        }
    }

    let mut done = Lanes::ZERO;
    let mut retired = Lanes::ZERO;
    end(
        s,
        e,
        &cost,
        &mut fetch,
        &ready,
        &mut done,
        &mut retired,
        delta,
    );
    // An entry of the issue queue is free once issued, that of an access once done.
    set[0] = if mem { done } else { ready };
    s.waiting[n % ISSUE_RING] = set;
    s.ready[if e.dst == NO_REG { REGS } else { e.dst.into() }] = done;
    s.fetch = fetch;
    s.retire = retired;
    s.ring[n % RING] = retired;
    s.n = n.wrapping_add(1);
    if load && mem {
        s.loads[s.load_count % QUEUE] = retired;
        s.load_count = s.load_count.wrapping_add(1);
    } else if mem {
        stored(s, e, &done);
        // Stores go to the cache in order, after they retired.
        let mut drained = s.drained;
        for m in 0..MACHINES {
            drained[m] = drained[m].max(retired[m] + time[m]) + s.p.port[3][m];
        }
        s.drained = drained;
        s.drains[s.store_count % QUEUE] = drained;
        s.store_count = s.store_count.wrapping_add(1);
    }
}

/// Fetch, dispatch and issue: `ready` is when the instruction goes to its port, `set` gets the
/// entries that stay in its set of the issue queue, all but the first.
#[inline(always)]
fn begin(
    s: &mut Machines,
    e: &Event,
    fetch: &mut Lanes,
    ready: &mut Lanes,
    set: &mut [Lanes; ISSUE_WAYS],
) {
    let p = &*s.p;
    let mem = mask(e.data[0] != 0);
    let serialize = mask(e.serialize);
    // A new line may have to come from further away.
    let mut far = Lanes::ZERO;
    if e.fetch[0] > 1 {
        for m in 0..MACHINES {
            let l2_depth = select(p.l2_wide[m], i32::from(e.fetch[2]), i32::from(e.fetch[1]));
            let beyond = select(mask(l2_depth > p.l2_ways[m]), p.memory[m], p.l2[m]);
            far[m] = mask(i32::from(e.fetch[0]) > p.l1i_ways[m]) & beyond;
        }
    }
    let enter = &p.enter[usize::from(e.blocks & 15)];
    let window = back(&s.ring, s.n, &WINDOW);
    let queue = if e.unit == Unit::Load {
        back(&s.loads, s.load_count, &LOADS)
    } else {
        back(&s.drains, s.store_count, &DRAINS)
    };
    let sets = back(&s.waiting, s.n, &ISSUE);
    let way = |w: usize| [&sets[0][w], &sets[1][w], &sets[2][w], &sets[3][w]];
    let ways = [way(0), way(1), way(2), way(3)];
    let [a, b, c] = e.src.map(|r| &s.ready[usize::from(r)]);
    let class = e.unit.port();
    let hold = &p.port[class];
    let (mut port, mut dispatch, mut issue) = (s.port[class], s.dispatch, s.issue);
    let [_, kept1, kept2, kept3] = set;
    for m in 0..MACHINES {
        // Fetch: a block's access begins in a cycle of its own.
        let begun = (fetch[m] + UNITS - 1) & -UNITS;
        let fetched = far[m] + select(mask(enter[m] != 0), begun + enter[m], fetch[m]);

        // Dispatch: in order, where the window and the queues have room.
        let (w0, w1) = (of_group(&ways[0], m), of_group(&ways[1], m));
        let (w2, w3) = (of_group(&ways[2], m), of_group(&ways[3], m));
        let first = w0.min(w1).min(w2.min(w3));
        // The order of a set's entries means nothing: what remains without the first.
        kept1[m] = w0.max(w1);
        kept2[m] = w2.max(w3);
        kept3[m] = w0.min(w1).max(w2.min(w3));
        let start = fetched
            .max(dispatch[m])
            .max(of_group(&window, m))
            .max(select(p.queues[m], first, NEVER))
            .max(select(mem, of_group(&queue, m), NEVER))
            .max(select(serialize, s.retire[m], NEVER));
        dispatch[m] = start + p.slot[m];
        fetch[m] = (fetched + p.fetch_slot[m]).max(start - p.lead[m]);

        // Issue: when the sources are there, and a port.
        let sources = start.max(a[m]).max(b[m]).max(c[m]);
        let in_turn = sources.max(select(p.in_order[m], issue[m], NEVER));
        issue[m] = in_turn;
        let free = port[m].max(start);
        port[m] = free + hold[m];
        ready[m] = in_turn.max(free);
    }
    s.port[class] = port;
    s.dispatch = dispatch;
    s.issue = issue;
}

/// Control and retirement. A wrong path costs from resolution on, a taken one ends the fetch
/// group; retirement is in order, at most the width a cycle.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn end(
    s: &Machines,
    e: &Event,
    cost: &Lanes,
    fetch: &mut Lanes,
    ready: &Lanes,
    done: &mut Lanes,
    retired: &mut Lanes,
    delta: &mut Lanes,
) {
    let p = &*s.p;
    let wrong = &p.wrong[usize::from(e.direction_miss & 15)];
    let lost = &p.lost[usize::from(e.target_miss & 7)];
    let btb = i32::from(e.btb_depth);
    let (taken, cond, serialize) = (mask(e.taken), mask(e.cond), mask(e.serialize));
    let leaves = mask(e.taken || e.direction_miss != 0);
    for m in 0..MACHINES {
        let end = ready[m] + cost[m];
        let unknown = mask(btb > p.btb_ways[m]) & leaves;
        // Without a target a branch is not predicted taken; a jump is set right at decode, where
        // the machine looks there.
        let late = ((wrong[m] | lost[m]) & leaves) | (unknown & (cond | p.in_order[m]));
        let whole = (fetch[m] + (UNITS & taken) - (1 & taken)) & !((UNITS - 1) & taken);
        let next = whole + (unknown & !late & p.decode[m]);
        let again = select(late, end + p.redirect[m], NEVER);
        fetch[m] = next.max(again).max(select(serialize, end, NEVER));
        let last = s.retire[m];
        let at = end.max(last + p.slot[m]);
        done[m] = end;
        retired[m] = at;
        delta[m] = at - last;
    }
}

/// Where a store to `address` is in the table of stores, and its tag.
#[inline(always)]
pub(super) fn store_place(address: u64) -> (usize, u32) {
    let block = address >> 4;
    let slot = (block ^ (block >> 7)) as usize % STORES;
    (slot, (block ^ (block >> 32)) as u32 | 1 << 31)
}

/// Memory order: waits for what was learned, and finds loads that passed their store.
#[inline(always)]
fn order(s: &mut Machines, e: &Event, load: bool, fetch: &mut Lanes, ready: &mut Lanes) {
    let p = &*s.p;
    if let Some((done, machines)) = s.sets.before(e.site) {
        for m in 0..MACHINES {
            let waits = mask(machines & (1 << m) != 0);
            ready[m] = ready[m].max(select(waits, done[m], NEVER));
        }
    }
    if !load {
        return;
    }
    let (slot, tag) = store_place(e.address);
    let store = s.store_tags[slot];
    if store.tag != tag {
        return;
    }
    let stored = &s.stores[slot];
    let mut any = 0;
    let mut passed = Lanes::ZERO;
    for m in 0..MACHINES {
        passed[m] = p.speculates[m] & mask(stored[m] > ready[m]);
        any |= passed[m];
        // A machine that does not speculate waits for the data.
        ready[m] = ready[m].max(stored[m]);
    }
    if any != 0 {
        let mut machines = 0;
        for m in 0..MACHINES {
            // Detected when the store executes; the load and everything after it start over.
            ready[m] += passed[m] & p.redirect[m];
            let again = select(passed[m], ready[m], NEVER);
            fetch[m] = fetch[m].max(again);
            machines |= ((passed[m] & p.store_sets[m] & 1) as u32) << m;
        }
        s.sets.learn(e.site, store.site, machines);
    }
}

/// The caches: delays `ready` until the access may begin; `time` is how long it then takes.
#[inline(always)]
fn access(s: &mut Machines, e: &Event, load: bool, ready: &mut Lanes, time: &mut Lanes) {
    let p = &*s.p;
    let covered = mask(e.predictable);
    if e.data[0] <= 1 && e.data[1] <= 1 {
        // Hits on every machine.
        *time = p.l1;
        return;
    }
    let (mut misses, mut channel) = (s.misses, s.channel);
    // A store's miss begins when it drains, which is not before the one ahead retired.
    let (is_load, is_store) = (mask(load), mask(!load));
    // A dirty line goes back some time.
    let lines = if load { 1 } else { 2 };
    for m in 0..MACHINES {
        let d1 = select(p.l1_wide[m], i32::from(e.data[1]), i32::from(e.data[0]));
        let d2 = select(p.l2_wide[m], i32::from(e.data[3]), i32::from(e.data[2]));
        let miss1 = mask(d1 > p.l1_ways[m]);
        let miss2 = miss1 & mask(d2 > p.l2_ways[m]);
        let early = covered & p.prefetch[m];
        let at = ready[m].max(select(is_store, s.retire[m], NEVER));
        let far = select(early, p.l2[m], p.memory[m]);
        let near = select(early, p.l1[m], p.l2[m]);
        let alone = select(miss2, far, select(miss1, near, p.l1[m]));
        // As many misses as there are registers for them; each holds one for its time.
        let share = alone >> p.mshrs[m];
        let level = misses[m].max(at);
        let wait = (level - at - (alone - share)).max(0) & miss1;
        misses[m] = select(miss1, level + share, misses[m]);
        // The channel carries every line from memory, asked for early or not.
        let begin = at + wait;
        let free = channel[m].max(begin);
        channel[m] = select(miss2, free + lines * p.line[m], channel[m]);
        time[m] = alone + ((free - begin) & miss2) + (wait & is_store);
        ready[m] += wait & is_load;
    }
    s.misses = misses;
    s.channel = channel;
}

/// Remembers a store for later loads.
#[inline(always)]
fn stored(s: &mut Machines, e: &Event, done: &Lanes) {
    let (slot, tag) = store_place(e.address);
    s.store_tags[slot].tag = tag;
    s.store_tags[slot].site = e.site;
    s.stores[slot] = *done;
    s.sets.stored(e.site, done);
}
