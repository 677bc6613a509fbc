use lockgate_core::personal::Pii;

fn main() {
    let surname = Pii::new("Example");
    println!("{surname}");
}
