//! Whole numbers of any size, as decimal digits.

use super::Scalar;

/// The most digits of a number that is not written in base ten.
const DIGITS: usize = 4300;

const LIMB: u64 = 1_000_000_000;

/// The number that `digits` in base `radix` make; their form was checked.
pub(super) fn whole(negative: bool, digits: &str, radix: u32) -> Option<Scalar> {
    if let Ok(number) = i128::from_str_radix(digits, radix) {
        return Some(Scalar::Int(if negative { -number } else { number }));
    }
    let decimal = match radix {
        10 => digits.trim_start_matches('0').to_owned(),
        _ if digits.is_empty() || digits.len() > DIGITS => return None,
        _ => in_base_ten(digits.chars().map(|digit| (radix, digit.to_digit(radix).unwrap_or_default()))),
    };
    Some(signed(negative, &decimal))
}

/// The number whose groups count `60` each.
pub(super) fn of_sixties(negative: bool, first: &str, groups: &[u32]) -> Option<Scalar> {
    if first.len() + groups.len() > DIGITS {
        return None;
    }
    let first = first.chars().map(|digit| (10, digit.to_digit(10).unwrap_or_default()));
    let decimal = in_base_ten(first.chain(groups.iter().map(|group| (60, *group))));
    match decimal.parse::<i128>() {
        Ok(number) => Some(Scalar::Int(if negative { -number } else { number })),
        Err(_) => Some(signed(negative, &decimal)),
    }
}

fn signed(negative: bool, digits: &str) -> Scalar {
    Scalar::BigInt(if negative { format!("-{digits}") } else { digits.to_owned() })
}

/// The number made by multiplying with each base and adding each digit in turn.
fn in_base_ten(digits: impl Iterator<Item = (u32, u32)>) -> String {
    let mut limbs: Vec<u64> = Vec::new();
    for (base, digit) in digits {
        let mut carry = u64::from(digit);
        for limb in &mut limbs {
            let sum = *limb * u64::from(base) + carry;
            (*limb, carry) = (sum % LIMB, sum / LIMB);
        }
        if carry > 0 {
            limbs.push(carry);
        }
    }
    let mut text = limbs.pop().unwrap_or_default().to_string();
    limbs.iter().rev().for_each(|limb| text.push_str(&format!("{limb:09}")));
    text
}
