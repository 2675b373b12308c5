//! What core lacks of floats: the same on every machine, since IEEE 754 says what each gives.

/// The square root.
#[must_use]
pub fn root(number: f64) -> f64 {
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    {
        use core::arch::wasm32::{f64x2_extract_lane, f64x2_splat, f64x2_sqrt};
        f64x2_extract_lane::<0>(f64x2_sqrt(f64x2_splat(number)))
    }
    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    number.sqrt()
}

/// The nearest whole number, and of two the even one.
#[must_use]
pub fn round(number: f64) -> f64 {
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    {
        use core::arch::wasm32::{f64x2_extract_lane, f64x2_nearest, f64x2_splat};
        f64x2_extract_lane::<0>(f64x2_nearest(f64x2_splat(number)))
    }
    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    number.round_ties_even()
}
