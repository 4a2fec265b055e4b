package @PACKAGE@

import androidx.test.platform.app.InstrumentationRegistry
import org.json.JSONObject
import org.junit.Test

/** The model predicts on this device what it predicted when it was exported. */
class SampleTest {
    @Test
    fun predictsTheSample() {
        val context = InstrumentationRegistry.getInstrumentation().targetContext
        val text = context.assets.open("sample.json").use { it.readBytes() }.decodeToString()
        Model.load(context).use { Sample(JSONObject(text)).check(it) }
    }
}
