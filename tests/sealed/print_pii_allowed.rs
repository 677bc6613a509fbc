use lockgate_core::personal::Pii;

fn main() {
    let surname = Pii::new("Example");
    let moved = surname;
    println!("{}", std::mem::size_of_val(&moved) > 0);
}
