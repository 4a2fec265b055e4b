package @PACKAGE@

import org.json.JSONArray
import org.json.JSONObject
import org.junit.Assert.assertEquals

/** Rows and what was predicted for them. */
class Sample(private val json: JSONObject) {
    /** Checks that the model predicts the same. */
    fun check(model: Model) {
        val rows = json.getJSONArray("rows")
        for (place in 0 until rows.length()) {
            val row = Row.of(model.columns.parse(rows.getJSONObject(place)))
            val found = model.predict(row).entries().map { it.second }
            val expected = json.getJSONArray("predictions").getJSONArray(place)
            for ((target, value) in found.withIndex()) compare(place, expected.get(target), value)
        }
    }

    private fun compare(row: Int, expected: Any, found: Any) {
        if (expected !is JSONObject) {
            val number = (expected as Number).toDouble()
            assertEquals("row $row", number, found as Double, 1e-5 * Math.max(1.0, Math.abs(number)))
            return
        }
        val probabilities = expected.getJSONArray("probabilities")
        val made = if (found is Likely) found.probabilities else (found as Labels).probabilities
        for ((place, value) in made.values.withIndex()) {
            assertEquals("row $row", probabilities.getDouble(place), value, 1e-5)
        }
        if (expected.optBoolean("close")) return
        when (found) {
            is Likely -> assertEquals("row $row", expected.getString("label"), found.label)
            is Labels -> assertEquals("row $row", texts(expected.getJSONArray("labels")), found.labels)
        }
    }

    private fun texts(array: JSONArray): List<String> =
        (0 until array.length()).map { array.getString(it) }
}
