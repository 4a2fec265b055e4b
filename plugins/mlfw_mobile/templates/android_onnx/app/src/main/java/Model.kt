package @PACKAGE@

import ai.onnxruntime.OnnxTensor
import ai.onnxruntime.OrtEnvironment
import ai.onnxruntime.OrtSession
import android.content.Context

/** The model, run by ONNX Runtime. */
class Model(content: ByteArray, val columns: Columns) : AutoCloseable {
    private val environment = OrtEnvironment.getEnvironment()
    private val session: OrtSession = environment.createSession(content)

    /** Returns the prediction for a row. */
    fun predict(row: Row): Prediction {
        val tensors = HashMap<String, OnnxTensor>()
        try {
            for ((column, value) in columns.all.zip(row.values())) {
                tensors[column.name] = tensor(column.read(value))
            }
            session.run(tensors).use { result ->
                val outputs = columns.targets.map { numbers(result.get(it.output).get().value) }
                return Prediction.of(columns.targets, outputs)
            }
        } finally {
            tensors.values.forEach { it.close() }
        }
    }

    override fun close() = session.close()

    private fun tensor(value: Any): OnnxTensor =
        when (value) {
            is FloatArray -> OnnxTensor.createTensor(environment, arrayOf(value))
            is IntArray -> OnnxTensor.createTensor(environment, arrayOf(value))
            else -> OnnxTensor.createTensor(environment, value)
        }

    private fun numbers(value: Any): DoubleArray {
        val row = if (value is Array<*>) value[0] else value
        return (row as FloatArray).map { it.toDouble() }.toDoubleArray()
    }

    companion object {
        /** Loads the model from the app's assets. */
        fun load(context: Context): Model =
            Model(
                context.assets.open("model.onnx").use { it.readBytes() },
                Columns(context.assets.open("columns.json").use { it.readBytes() }.decodeToString()),
            )
    }
}
