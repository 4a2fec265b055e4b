package @PACKAGE@

import java.io.File
import org.json.JSONObject
import org.junit.Test

/** The model predicts on this computer what it predicted when it was exported. */
class SampleTest {
    @Test
    fun predictsTheSample() {
        val assets = File("src/main/assets")
        val columns = Columns(File(assets, "columns.json").readText())
        Model(File(assets, "model.onnx").readBytes(), columns).use {
            Sample(JSONObject(File(assets, "sample.json").readText())).check(it)
        }
    }
}
