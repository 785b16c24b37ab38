//! Expressions over the parameters of a core: constraints and costs.

use exmex::{
    literal_matcher_from_pattern, BinOp, Express, FlatEx, MakeOperators, MatchLiteral, Operator,
};
use perfvec::twin::parameters::CoreParameters;
use perfvec::{Error, ErrorKind, Result};
use serde_json::{Map, Value};
use std::str::FromStr;

/// What an expression comes to.
#[derive(Debug, Clone)]
enum Answer {
    Number(f64),
    Holds(bool),
    Wrong(&'static str),
}

impl Default for Answer {
    fn default() -> Self {
        Answer::Number(0.0)
    }
}

impl FromStr for Answer {
    type Err = std::num::ParseFloatError;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        text.parse().map(Answer::Number)
    }
}

literal_matcher_from_pattern!(Numbers, r"^[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?");

/// The operators, which bind as in C; `^` is a power.
#[derive(Debug, Clone)]
struct Operators;

fn compare(a: Answer, b: Answer, holds: fn(f64, f64) -> bool) -> Answer {
    match (a, b) {
        (Answer::Number(a), Answer::Number(b)) => Answer::Holds(holds(a, b)),
        (wrong @ Answer::Wrong(_), _) | (_, wrong @ Answer::Wrong(_)) => wrong,
        _ => Answer::Wrong("only numbers are compared; join comparisons with && or ||"),
    }
}

fn compute(a: Answer, b: Answer, of: fn(f64, f64) -> f64) -> Answer {
    match (a, b) {
        (Answer::Number(a), Answer::Number(b)) => Answer::Number(of(a, b)),
        (wrong @ Answer::Wrong(_), _) | (_, wrong @ Answer::Wrong(_)) => wrong,
        _ => Answer::Wrong("only numbers are added and multiplied"),
    }
}

fn join(a: Answer, b: Answer, holds: fn(bool, bool) -> bool) -> Answer {
    match (a, b) {
        (Answer::Holds(a), Answer::Holds(b)) => Answer::Holds(holds(a, b)),
        (wrong @ Answer::Wrong(_), _) | (_, wrong @ Answer::Wrong(_)) => wrong,
        _ => Answer::Wrong("&& and || join comparisons"),
    }
}

fn change(a: Answer, of: fn(f64) -> f64) -> Answer {
    match a {
        Answer::Number(a) => Answer::Number(of(a)),
        Answer::Holds(_) => Answer::Wrong("functions are of numbers"),
        wrong => wrong,
    }
}

impl MakeOperators<Answer> for Operators {
    fn make<'a>() -> Vec<Operator<'a, Answer>> {
        let two = |apply, prio| BinOp {
            apply,
            prio,
            is_commutative: false,
        };
        vec![
            Operator::make_bin("||", two(|a, b| join(a, b, |a, b| a || b), 0)),
            Operator::make_bin("&&", two(|a, b| join(a, b, |a, b| a && b), 1)),
            Operator::make_bin("==", two(|a, b| compare(a, b, |a, b| a == b), 2)),
            Operator::make_bin("!=", two(|a, b| compare(a, b, |a, b| a != b), 2)),
            Operator::make_bin("<", two(|a, b| compare(a, b, |a, b| a < b), 2)),
            Operator::make_bin("<=", two(|a, b| compare(a, b, |a, b| a <= b), 2)),
            Operator::make_bin(">", two(|a, b| compare(a, b, |a, b| a > b), 2)),
            Operator::make_bin(">=", two(|a, b| compare(a, b, |a, b| a >= b), 2)),
            Operator::make_bin_unary("+", two(|a, b| compute(a, b, |a, b| a + b), 3), |a| a),
            Operator::make_bin_unary("-", two(|a, b| compute(a, b, |a, b| a - b), 3), |a| {
                change(a, |a| -a)
            }),
            Operator::make_bin("*", two(|a, b| compute(a, b, |a, b| a * b), 4)),
            Operator::make_bin("/", two(|a, b| compute(a, b, |a, b| a / b), 4)),
            Operator::make_bin("^", two(|a, b| compute(a, b, f64::powf), 5)),
            // As functions, min(a, b).
            Operator::make_bin("min", two(|a, b| compute(a, b, f64::min), 0)),
            Operator::make_bin("max", two(|a, b| compute(a, b, f64::max), 0)),
            Operator::make_unary("sqrt", |a| change(a, f64::sqrt)),
            Operator::make_unary("ln", |a| change(a, f64::ln)),
            Operator::make_unary("log2", |a| change(a, f64::log2)),
            Operator::make_unary("exp", |a| change(a, f64::exp)),
            Operator::make_unary("abs", |a| change(a, f64::abs)),
            Operator::make_unary("floor", |a| change(a, f64::floor)),
            Operator::make_unary("ceil", |a| change(a, f64::ceil)),
            Operator::make_unary("round", |a| change(a, f64::round)),
        ]
    }
}

/// An expression, parsed.
pub struct Expression {
    text: String,
    parsed: FlatEx<Answer, Operators, Numbers>,
}

impl Expression {
    /// Parses `text`, whose variables must be parameters of `core` that are numbers.
    pub fn new(text: &str, core: &CoreParameters) -> Result<Self> {
        let parsed = FlatEx::parse(text).map_err(|e| {
            bad(
                text,
                &format!(
                    "no expression ({}); write \"2 * rob + l2_kib\" or \"iq <= rob\"",
                    e.msg()
                ),
            )
        })?;
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

    fn value(&self, map: &Map<String, Value>) -> Result<Answer> {
        let mut values = Vec::new();
        for name in self.parsed.var_names() {
            values.push(Answer::Number(match map.get(name) {
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
            Ok(Answer::Wrong(what)) => Err(bad(&self.text, what)),
            Err(e) => Err(bad(&self.text, e.msg())),
            Ok(value) => Ok(value),
        }
    }

    /// Whether it holds of a core with these parameters.
    pub fn holds(&self, map: &Map<String, Value>) -> Result<bool> {
        match self.value(map)? {
            Answer::Holds(holds) => Ok(holds),
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
        let Answer::Number(number) = self.value(map)? else {
            return Err(bad(&self.text, "it is not a number"));
        };
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
                .holds(&core().to_map())
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
        assert_eq!(number("1e9 + 1.5E-1 - 5000000000"), -4e9 + 0.15);
        assert_eq!(number("sqrt(16) + log2(8) + round(1.6) - -abs(-2)"), 11.0);
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
            ("", "write \"2 * rob"),
            ("rob * 1e", "rob * 1e"),
            ("sqrt(iq < rob)", "functions are of numbers"),
        ] {
            let e = Expression::new(text, &core()).err().map(|e| e.to_string());
            let e = e.unwrap_or_else(|| panic!("{text} is taken"));
            assert!(e.contains(says), "{e} lacks {says}");
        }
        let e = Expression::new("rob + 1", &core()).unwrap();
        let e = e.holds(&core().to_map());
        assert!(e.unwrap_err().to_string().contains("not a comparison"));
        let e = Expression::new("rob > 1", &core()).unwrap().number(&core());
        assert!(e.unwrap_err().to_string().contains("not a number"));
        let e = Expression::new("rob / l3_kib", &core())
            .unwrap()
            .number(&core());
        assert!(e.unwrap_err().to_string().contains("for a design"));
    }
}
