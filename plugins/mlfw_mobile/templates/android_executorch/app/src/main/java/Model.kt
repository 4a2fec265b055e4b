package @PACKAGE@

import android.content.Context
import java.io.File
import org.pytorch.executorch.EValue
import org.pytorch.executorch.Module
import org.pytorch.executorch.Tensor

/** The model, run by ExecuTorch. */
class Model(file: File, val columns: Columns) : AutoCloseable {
    private val module = Module.load(file.path)

    /** Returns the prediction for a row. */
    fun predict(row: Row): Prediction {
        val inputs =
            columns.all.zip(row.values()) { column, value ->
                EValue.from(tensor(column.kind, column.read(value)))
            }
        val outputs = module.forward(*inputs.toTypedArray())
        return Prediction.of(columns.targets, outputs.map { it.toTensor().dataAsDoubleArray })
    }

    override fun close() = module.destroy()

    private fun tensor(kind: String, value: Any): Tensor =
        when (value) {
            is DoubleArray -> Tensor.fromBlob(value, longArrayOf(1))
            is LongArray -> Tensor.fromBlob(value, longArrayOf(1))
            else -> {
                val numbers = value as IntArray
                val text = kind == "text"
                val shape = if (text) longArrayOf(1, numbers.size.toLong()) else longArrayOf(1)
                Tensor.fromBlob(numbers, shape)
            }
        }

    companion object {
        /** Loads the model from the app's assets; ExecuTorch reads files, so it is copied once. */
        fun load(context: Context): Model {
            val file = File(context.filesDir, "model.pte")
            context.assets.open("model.pte").use { source ->
                file.outputStream().use { source.copyTo(it) }
            }
            val text = context.assets.open("columns.json").use { it.readBytes() }.decodeToString()
            return Model(file, Columns(text))
        }
    }
}
