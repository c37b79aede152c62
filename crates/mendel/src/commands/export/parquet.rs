//! Sheets as row groups of a Parquet file.

use std::{fs::File, sync::Arc};

use parquet::{
    basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel},
    data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type},
    errors::ParquetError,
    file::{
        properties::WriterProperties,
        writer::{SerializedColumnWriter, SerializedFileWriter},
    },
    schema::types::Type,
};

use super::sheet::{Cells, Sheet};

/// A Parquet file under way.
pub struct ParquetWriter(SerializedFileWriter<File>);

impl ParquetWriter {
    /// Begins `file` with the columns of `sheet`.
    pub fn new(file: File, sheet: &Sheet) -> Result<Self, ParquetError> {
        let fields = sheet.columns.iter().map(|(name, cells)| field(name, cells).map(Arc::new));
        let fields = fields.collect::<Result<Vec<_>, _>>()?;
        let schema = Type::group_type_builder("rows").with_fields(fields).build()?;
        let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?)).build();
        SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties)).map(Self)
    }

    /// Adds the rows of `sheet`, which has the columns the file began with.
    pub fn write(&mut self, sheet: &Sheet) -> Result<(), ParquetError> {
        if sheet.rows() == 0 {
            return Ok(());
        }
        let mut group = self.0.next_row_group()?;
        for (_, cells) in &sheet.columns {
            let Some(mut column) = group.next_column()? else { break };
            match cells {
                Cells::Text(cells) => {
                    put::<ByteArrayType, _>(&mut column, cells, |text| ByteArray::from(text.as_bytes().to_vec()))?;
                }
                Cells::Int(cells) => put::<Int64Type, _>(&mut column, cells, |number| *number)?,
                Cells::Float(cells) => put::<DoubleType, _>(&mut column, cells, |number| *number)?,
                Cells::Time(cells) => put::<Int64Type, _>(&mut column, cells, |time| time.0)?,
            }
            column.close()?;
        }
        group.close()?;
        Ok(())
    }

    /// Writes the end of the file.
    pub fn finish(self) -> Result<(), ParquetError> {
        self.0.close().map(drop)
    }
}

fn field(name: &str, cells: &Cells) -> Result<Type, ParquetError> {
    let (physical, logical) = match cells {
        Cells::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Cells::Int(_) => (Physical::INT64, None),
        Cells::Float(_) => (Physical::DOUBLE, None),
        Cells::Time(_) => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MILLIS))),
    };
    Type::primitive_type_builder(name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
}

fn put<T: DataType, C>(
    column: &mut SerializedColumnWriter<'_>,
    cells: &[Option<C>],
    convert: impl Fn(&C) -> T::T,
) -> Result<(), ParquetError> {
    let values: Vec<T::T> = cells.iter().flatten().map(convert).collect();
    let present: Vec<i16> = cells.iter().map(|cell| i16::from(cell.is_some())).collect();
    column.typed::<T>().write_batch(&values, Some(&present), None).map(drop)
}

#[cfg(test)]
mod tests {
    use mendel_model::Timestamp;
    use parquet::{
        file::reader::{FileReader, SerializedFileReader},
        record::Field,
    };

    use super::*;

    #[test]
    fn rows_nothing_and_nan_come_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("points.parquet");
        let sheet = Sheet::default()
            .with("run", Cells::Text(vec![Some("größe".into()), None]))
            .with("step", Cells::Int(vec![Some(-1), Some(2)]))
            .with("time", Cells::Time(vec![Some(Timestamp(1_700_000_000_123)), None]))
            .with("value", Cells::Float(vec![Some(f64::NAN), Some(f64::NEG_INFINITY)]));
        let mut writer = ParquetWriter::new(File::create(&path).expect("a file"), &sheet).expect("begun");
        writer.write(&sheet).expect("written");
        writer.write(&sheet).expect("written");
        writer.finish().expect("ended");

        let reader = SerializedFileReader::new(File::open(&path).expect("a file")).expect("read");
        assert_eq!(reader.metadata().num_row_groups(), 2);
        let rows: Vec<_> = reader.get_row_iter(None).expect("rows").map(|row| row.expect("a row")).collect();
        let first: Vec<Field> = rows[0].get_column_iter().map(|(_, field)| field.clone()).collect();
        assert_eq!(first[0], Field::Str("größe".into()));
        assert_eq!(first[2], Field::TimestampMillis(1_700_000_000_123));
        assert!(matches!(first[3], Field::Double(value) if value.is_nan()));
        let second: Vec<Field> = rows[1].get_column_iter().map(|(_, field)| field.clone()).collect();
        assert_eq!(second[0], Field::Null);
        assert_eq!(second[3], Field::Double(f64::NEG_INFINITY));
        assert_eq!(rows.len(), 4);
    }
}
