//! Cores that are priced by their own parameters: `--core`.

use crate::perfvec;
use perfvec_test_support::root;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

fn trace() -> String {
    root("examples/lua.pvt").display().to_string()
}

const MINE: &str = "like = \"cortex-a72-like\"\nrob = 16\n";

#[test]
fn a_core_in_a_file_is_priced_and_its_stack_adds_up() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("mine.toml"), MINE).unwrap();
    let args = [
        "replay",
        &trace(),
        "--core",
        "mine.toml",
        "--core",
        "cortex-a72-like",
    ];
    let more = [
        "--interval",
        "1000000",
        "--json",
        "-",
        "--vector",
        "v.safetensors",
    ];
    let text = perfvec(dir.path(), &[&args[..], &more].concat()).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    let cores = json["microarchs"].as_array().unwrap();
    let names: Vec<&str> = cores.iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["cortex-a72-like", "mine"]);
    let cycles = |k: usize| cores[k]["cycles"].as_f64().unwrap();
    assert!(
        cycles(1) > 1.05 * cycles(0),
        "a reorder buffer of 16 is slower"
    );
    for (k, core) in cores.iter().enumerate() {
        let parts = core["stack"].as_object().unwrap();
        assert_eq!(parts.len(), 11);
        let order = ["base", "fetch", "branch", "dependence", "ports", "window"];
        let order = order.iter().chain(&["L1", "L2", "L3", "memory", "store"]);
        let sum: f64 = order.map(|part| parts[*part].as_f64().unwrap()).sum();
        assert_eq!(sum, cycles(k));
        let of_intervals: f64 = (json["intervals"].as_array().unwrap().iter())
            .flat_map(|i| i["stacks"][k].as_array().unwrap())
            .map(|x| x.as_f64().unwrap())
            .sum();
        assert_eq!(of_intervals, cycles(k));
    }

    // The saved vector gives the same on the same cores, and nothing on others.
    let predict = ["predict", "v.safetensors", "--format", "csv"];
    let csv = perfvec(dir.path(), &[&predict[..], &args[2..]].concat()).unwrap();
    assert!(
        csv.contains(&format!(",mine,1800000000,{},", cores[1]["cpi"])),
        "{csv}"
    );
    let others = ["--core", "cortex-a72-like"];
    let e = perfvec(dir.path(), &[&predict[..], &others].concat()).unwrap_err();
    assert!(e.contains("v.safetensors") && e.contains("model"), "{e}");
}

#[test]
fn a_table_shows_shares_of_causes() {
    let dir = tempfile::tempdir().unwrap();
    let text = perfvec(dir.path(), &["replay", &trace(), "--core", "rocket-like"]).unwrap();
    let line = text
        .lines()
        .rfind(|l| l.starts_with("rocket-like"))
        .unwrap();
    let shares = line.split_whitespace().skip(1);
    let sum: i32 = shares.map(|x| x.parse::<i32>().unwrap()).sum();
    assert!((95..=105).contains(&sum), "{text}");
    assert!(text.lines().all(|l| l.chars().count() <= 80), "{text}");
}

#[test]
fn rules_hold_for_the_cores_of_the_library_too() {
    let dir = tempfile::tempdir().unwrap();
    let price = |args: &[&str]| {
        let options = ["replay", &trace(), "--sample", "200000", "--json", "-"];
        let text = perfvec(dir.path(), &[&options[..], args].concat()).unwrap();
        let json: Value = serde_json::from_str(&text).unwrap();
        let cores = json["microarchs"].as_array().unwrap();
        let core = cores.iter().find(|c| c["name"] == "skylake-like").unwrap();
        core["cycles"].as_f64().unwrap()
    };
    let stock = price(&["--rules", "gem5-stock"]);
    assert!(
        stock > price(&[]),
        "compressed branches cost more in gem5 as released"
    );
    let one = ["--rules", "gem5-stock", "--core", "skylake-like"];
    assert_eq!(price(&one), stock);
}

#[test]
fn mistakes_say_what_to_give() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("mine.toml"),
        MINE.replace("rob =", "robb ="),
    )
    .unwrap();
    let trace = trace();
    for (args, says) in [
        (&["--core", "mine.toml"][..], "\"robb\" is not a parameter"),
        (
            &["--core", "none-like"],
            "no such file, and no core is named",
        ),
        (
            &["--core", "u74-like", "--core", "u74-like"],
            "two cores are named",
        ),
        (
            &["--core", "u74-like", "--model", "x.onnx"],
            "cannot be used with",
        ),
        (&["--core", "u74-like", "--rules", "gem6"], "textbook"),
    ] {
        let e = perfvec(dir.path(), &[&["replay", &trace][..], args].concat()).unwrap_err();
        assert!(e.contains(says), "{e} lacks {says}");
    }
}

#[test]
fn a_core_is_read_from_what_gem5_wrote() {
    let dir = tempfile::tempdir().unwrap();
    let config = root("tests/data/gem5-config/u74-like.json");
    let config = config.to_str().unwrap();
    let args = ["cores", "from-gem5", config];
    let text = perfvec(dir.path(), &args).unwrap();
    assert!(text.contains("kind = \"minor\"\n"), "{text}");
    assert!(!text.contains("Differences from gem5"), "{text}");
    let out = ["-o", "mine.toml"];
    assert_eq!(
        perfvec(dir.path(), &[&args[..], &out].concat()).unwrap(),
        ""
    );
    let file = std::fs::read_to_string(dir.path().join("mine.toml")).unwrap();
    assert_eq!(file, text);

    // It is the core: its cycles are the same.
    let price = |core: &str| {
        let args = ["replay", &trace(), "--core", core, "--sample", "100000"];
        let more = ["--json", "-"];
        let text = perfvec(dir.path(), &[&args[..], &more].concat()).unwrap();
        let json: Value = serde_json::from_str(&text).unwrap();
        json["microarchs"][0]["cycles"].as_f64().unwrap()
    };
    assert_eq!(price("mine.toml"), price("u74-like"));

    // What has no parameter is in the file, and is told.
    let other = std::fs::read_to_string(config).unwrap();
    let other = other.replace("\"executeMemoryWidth\":0", "\"executeMemoryWidth\":16");
    std::fs::write(dir.path().join("other.json"), other).unwrap();
    let text = perfvec(dir.path(), &["cores", "from-gem5", "other.json"]).unwrap();
    let note = "# system.cpu.executeMemoryWidth is 16; it has no parameter, 0 is used";
    assert!(text.contains(note), "{text}");

    // As it is, it is a list of its CPUs, and the same is told.
    let priced = Command::new(env!("CARGO_BIN_EXE_perfvec"))
        .current_dir(dir.path())
        .args([
            "replay",
            &trace(),
            "--sample",
            "100000",
            "--model",
            "other.json",
        ])
        .output()
        .unwrap();
    let table = String::from_utf8_lossy(&priced.stdout);
    assert!(table.contains("\nsystem.cpu "), "{priced:?}");
    let told = String::from_utf8_lossy(&priced.stderr);
    assert!(told.contains(&note.replace("# ", "perfvec: ")), "{told}");

    std::fs::write(dir.path().join("none.json"), "{\"type\": \"Root\"}").unwrap();
    for (args, says) in [
        (&["none.json"][..], "none.json: no O3 or Minor CPU"),
        (
            &["other.json", "--cpu", "system.cpu9"],
            "there are system.cpu",
        ),
        (&["other.json", "-o", "other.json"], "the same file"),
        (&["absent.json"], "absent.json"),
    ] {
        let args = [&["cores", "from-gem5"][..], args].concat();
        let e = perfvec(dir.path(), &args).unwrap_err();
        assert!(e.contains(says), "{e} lacks {says}");
    }
}

/// A timed trace: `cycles` for each retirement of the bundled one's first hundred thousand.
fn timed(dir: &Path, name: &str) {
    use perfvec::trace::{self, Block, Writer};
    let mut reader = trace::open(Path::new(&trace())).unwrap();
    let mut recorder = Writer::create(dir.join(name), reader.header().clone()).unwrap();
    let mut block = Block::default();
    let mut n = 0u32;
    while n < 100_000 && reader.next_block(&mut block).unwrap() {
        block.statics.iter().for_each(|s| {
            recorder.intern(s).unwrap();
        });
        for r in &block.retirements {
            n += 1;
            recorder
                .retire_timed(r, 1 + u32::from(n.is_multiple_of(3)))
                .unwrap();
        }
    }
    recorder.finish().unwrap();
}

#[test]
fn calibration_starts_at_the_cores_own_parameters() {
    let dir = tempfile::tempdir().unwrap();
    timed(dir.path(), "t.pvt");
    let fit = [
        "calibrate",
        "--core",
        "rocket-like",
        "--name",
        "fitted",
        "--clock",
        "1",
    ];
    let text = perfvec(
        dir.path(),
        &[&fit[..], &["-o", "f.safetensors", "t.pvt"]].concat(),
    )
    .unwrap();
    // The bundled trace never waits for a level 3 cache: rocket-like has none.
    assert!(
        text.contains("L3 1.00") && text.contains("held out"),
        "{text}"
    );
    let both = [
        "replay",
        "t.pvt",
        "--core",
        "rocket-like",
        "--microarchs",
        "f.safetensors",
    ];
    let text = perfvec(dir.path(), &[&both[..], &["--json", "-"]].concat()).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    let cpi = |name: &str| {
        let cores = json["microarchs"].as_array().unwrap();
        let core = cores.iter().find(|c| c["name"] == name).unwrap();
        core["cpi"].as_f64().unwrap()
    };
    assert!(
        (cpi("fitted") - 4.0 / 3.0).abs() < 0.05,
        "{}",
        cpi("fitted")
    );
    assert!((cpi("rocket-like") - 4.0 / 3.0).abs() > 0.1);
    // Two cores are no prior for one.
    let two = [
        &fit[..],
        &["--core", "u74-like", "-o", "g.safetensors", "t.pvt"],
    ]
    .concat();
    let e = perfvec(dir.path(), &two).unwrap_err();
    assert!(e.contains("give --core once"), "{e}");
}
