//! What sampling measures, and what it needs.

use super::*;

#[test]
fn sampling_measures_one_unit_per_period_and_its_moments() {
    let c = SessionConfig {
        sampling: Sampling::FixedRate { period: 40 },
        ..config(1)
    };
    let mut s = session(&c);
    let stream: Vec<Retirement> = (0..4000u64)
        .map(|i| Retirement {
            inst: (i % 3) as u32,
            address: (i % 3 != 1) as u64 * i * 64,
            ..Retirement::default()
        })
        .collect();
    s.retire_many(&stream).unwrap();
    s.finish().unwrap();
    let v = s.program_vector().unwrap();
    assert_eq!((v.units, v.measured, v.retired), (100, 800, 4000));
    // The diagonal of the second moment of a positive element is at least its mean's square.
    assert!(v.second_moment[0] >= v.sum[0] * v.sum[0] / 100.0);
    assert_eq!(v.second_moment.len(), DIM * (DIM + 1) / 2);
}

#[test]
fn a_target_needs_vectors_of_the_model() {
    let to = |targets| SessionConfig {
        sampling: Sampling::TargetError {
            half_width: 0.01,
            targets: Arc::new(targets),
        },
        ..config(0)
    };
    let none = to(Vec::new());
    let e = Session::new(model(false), &none).err().unwrap();
    assert_eq!(e.kind(), ErrorKind::InvalidArgument);
    assert!(e.message().contains("targets"), "{e}");
    let foreign = to(vec![vec![1.0; DIM + 1]]);
    let e = Session::new(model(false), &foreign).err().unwrap();
    assert_eq!(e.kind(), ErrorKind::Mismatch);
}
