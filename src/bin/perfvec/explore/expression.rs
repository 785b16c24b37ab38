//! Expressions over the parameters of a core: constraints and costs.

use exmex::{
    BinOp, ExError, Express, FlatEx, MakeOperators, Operator, Val, ValMatcher, ValOpsFactory,
};
use perfvec::twin::parameters::CoreParameters;
use perfvec::{Error, ErrorKind, Result};
use serde_json::{Map, Value};

type Number = Val<i32, f64>;

/// The operators. exmex's own let `&&` bind more than `<=`, find a comparison of a number and a truth
/// value false, and divide whole numbers as such; here they bind as in C, that is an error, and all
/// numbers are real.
#[derive(Debug, Clone)]
struct Operators;

fn compare(a: Number, b: Number, holds: fn(f64, f64) -> bool) -> Number {
    match (number(a), number(b)) {
        (Some(a), Some(b)) => Val::Bool(holds(a, b)),
        _ => Val::Error(ExError::new(
            "only numbers are compared; join comparisons with && or ||",
        )),
    }
}

fn compute(a: Number, b: Number, of: fn(f64, f64) -> f64) -> Number {
    match (number(a), number(b)) {
        (Some(a), Some(b)) => Val::Float(of(a, b)),
        _ => Val::Error(ExError::new("only numbers are added and multiplied")),
    }
}

fn join(a: Number, b: Number, holds: fn(bool, bool) -> bool) -> Number {
    match (a, b) {
        (Val::Bool(a), Val::Bool(b)) => Val::Bool(holds(a, b)),
        (Val::Error(e), _) | (_, Val::Error(e)) => Val::Error(e),
        _ => Val::Error(ExError::new("&& and || join comparisons")),
    }
}

fn number(value: Number) -> Option<f64> {
    match value {
        Val::Int(n) => Some(n.into()),
        Val::Float(x) => Some(x),
        _ => None,
    }
}

impl MakeOperators<Number> for Operators {
    fn make<'a>() -> Vec<Operator<'a, Number>> {
        let taken = ["sqrt", "ln", "log2", "exp", "abs", "floor", "ceil", "round"];
        let mut all = ValOpsFactory::<i32, f64>::make();
        all.retain(|op| taken.contains(&op.repr()));
        let sign = |repr, apply, unary| {
            let op = BinOp {
                apply,
                prio: 3,
                is_commutative: false,
            };
            Operator::make_bin_unary(repr, op, unary)
        };
        all.push(sign("+", |a, b| compute(a, b, |a, b| a + b), |a| a));
        all.push(sign(
            "-",
            |a, b| compute(a, b, |a, b| a - b),
            |a| compute(Val::Float(0.0), a, |a, b| a - b),
        ));
        let mut add = |repr, prio, apply| {
            all.push(Operator::make_bin(
                repr,
                BinOp {
                    apply,
                    prio,
                    is_commutative: false,
                },
            ));
        };
        add("||", 0, |a, b| join(a, b, |a, b| a || b));
        add("&&", 1, |a, b| join(a, b, |a, b| a && b));
        add("==", 2, |a, b| compare(a, b, |a, b| a == b));
        add("!=", 2, |a, b| compare(a, b, |a, b| a != b));
        add("<", 2, |a, b| compare(a, b, |a, b| a < b));
        add("<=", 2, |a, b| compare(a, b, |a, b| a <= b));
        add(">", 2, |a, b| compare(a, b, |a, b| a > b));
        add(">=", 2, |a, b| compare(a, b, |a, b| a >= b));
        add("*", 4, |a, b| compute(a, b, |a, b| a * b));
        add("/", 4, |a, b| compute(a, b, |a, b| a / b));
        add("^", 5, |a, b| compute(a, b, f64::powf));
        // As functions, min(a, b).
        add("min", 0, |a, b| compute(a, b, f64::min));
        add("max", 0, |a, b| compute(a, b, f64::max));
        all
    }
}

/// An expression, parsed.
pub struct Expression {
    text: String,
    parsed: FlatEx<Number, Operators, ValMatcher>,
}

impl Expression {
    /// Parses `text`, whose variables must be parameters of `core` that are numbers.
    pub fn new(text: &str, core: &CoreParameters) -> Result<Self> {
        let parsed = FlatEx::parse(text)
            .map_err(|e| bad(text, &format!("{}; write it as \"iq <= rob\"", e.msg())))?;
        let expression = Self {
            text: text.into(),
            parsed,
        };
        expression.value(&core.to_map())?;
        Ok(expression)
    }

    /// Whether it has the variable `name`.
    pub fn uses(&self, name: &str) -> bool {
        self.parsed.var_names().iter().any(|n| n == name)
    }

    fn value(&self, map: &Map<String, Value>) -> Result<Number> {
        let mut values = Vec::new();
        for name in self.parsed.var_names() {
            values.push(Val::Float(match map.get(name) {
                Some(Value::String(word)) => {
                    let text = format!("{name} is a word (\"{word}\"); only numbers are compared");
                    return Err(bad(&self.text, &text));
                }
                Some(number) => number.as_f64().unwrap_or(f64::NAN),
                None => {
                    let text = format!(
                        "\"{name}\" is not a parameter of this kind of core; `perfvec cores parameters` lists them"
                    );
                    return Err(bad(&self.text, &text));
                }
            }));
        }
        match self.parsed.eval(&values) {
            Ok(Val::Error(e)) | Err(e) => Err(bad(&self.text, e.msg())),
            Ok(value) => Ok(value),
        }
    }

    /// Whether it holds of `core`.
    pub fn holds(&self, core: &CoreParameters) -> Result<bool> {
        match self.value(&core.to_map())? {
            Val::Bool(holds) => Ok(holds),
            _ => Err(bad(
                &self.text,
                "it is not a comparison; write it as \"iq <= rob\"",
            )),
        }
    }

    /// Its number for `core`.
    pub fn number(&self, core: &CoreParameters) -> Result<f64> {
        self.number_of(&core.to_map())
    }

    /// Its number for these parameters, which need not make a core.
    pub fn number_of(&self, map: &Map<String, Value>) -> Result<f64> {
        let number =
            number(self.value(map)?).ok_or_else(|| bad(&self.text, "it is not a number"))?;
        match number.is_finite() {
            true => Ok(number),
            false => Err(bad(&self.text, &format!("it is {number} for a design"))),
        }
    }
}

fn bad(text: &str, what: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, format!("\"{text}\": {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use perfvec::twin::parameters::CoreKind;

    fn core() -> CoreParameters {
        CoreParameters::middle(CoreKind::OutOfOrder)
    }

    #[test]
    fn comparisons_and_numbers_are_over_parameters() {
        let holds = |text: &str| {
            Expression::new(text, &core())
                .unwrap()
                .holds(&core())
                .unwrap()
        };
        assert!(holds("iq <= rob") && holds("lq + sq <= rob / 2") && holds("clock_ghz == 2"));
        assert!(!holds("iq > rob") && !holds("iq <= rob && l2_kib < 512"));
        assert!(holds("iq > rob || l2_kib >= 512") && holds("iq != rob && iq <= rob && rob < 129"));
        assert!(holds("iq > rob && iq > rob || rob == 128"));
        assert!(holds("min(iq, rob) == iq && max(1, 2) == 2 && 3 < 3.5"));
        let number = |text: &str| {
            let expression = Expression::new(text, &core()).unwrap();
            expression.number(&core()).unwrap()
        };
        // Of the middle core: 128 entries, 512 KiB, 4 issued per cycle.
        assert_eq!(number("2 * rob + l2_kib / 1024 + issue_width^2"), 272.5);
        assert_eq!(number("7"), 7.0);
        assert_eq!(number("1 / 2 * rob - 3 * (iq - 2)"), 64.0 - 186.0);
        assert_eq!(
            number("-rob + 2^2^2 + 100000 * 100000"),
            1e10 + 16.0 - 128.0
        );
    }

    #[test]
    fn mistakes_name_the_expression_and_what_is_wrong() {
        for (text, says) in [
            ("iqq <= rob", "\"iqq\" is not a parameter"),
            ("predictor == 1", "predictor is a word"),
            ("store_buffer > 1", "not a parameter of this kind of core"),
            ("iq <=", "iq <="),
            ("16 <= iq <= rob", "join comparisons with &&"),
            ("iq && rob", "join comparisons"),
            ("2 * (iq < rob)", "only numbers are added"),
            ("", "write it as"),
        ] {
            let e = Expression::new(text, &core()).err().map(|e| e.to_string());
            let e = e.unwrap_or_else(|| panic!("{text} is taken"));
            assert!(e.contains(says), "{e} lacks {says}");
        }
        let e = Expression::new("rob + 1", &core()).unwrap().holds(&core());
        assert!(e.unwrap_err().to_string().contains("not a comparison"));
        let e = Expression::new("rob > 1", &core()).unwrap().number(&core());
        assert!(e.unwrap_err().to_string().contains("not a number"));
        let e = Expression::new("rob / l3_kib", &core())
            .unwrap()
            .number(&core());
        assert!(e.unwrap_err().to_string().contains("for a design"));
    }
}
