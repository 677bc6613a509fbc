use lockgate_core::personal::Pii;

fn main() {
    let surname = Pii::new("Example");
    let _: Pii<&str> = surname.clone();
}
