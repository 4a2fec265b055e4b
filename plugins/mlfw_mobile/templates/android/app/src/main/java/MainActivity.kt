package @PACKAGE@

import android.app.Activity
import android.os.Bundle
import android.text.InputType
import android.view.View
import android.widget.ArrayAdapter
import android.widget.Button
import android.widget.EditText
import android.widget.LinearLayout
import android.widget.ScrollView
import android.widget.Spinner
import android.widget.TextView
import java.time.LocalDateTime
import java.time.format.DateTimeParseException

/** A form with one field per column; the button shows the prediction. */
class MainActivity : Activity() {
    private lateinit var model: Model
    private val fields = LinkedHashMap<Column, View>()

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        model = Model.load(this)
        val form = LinearLayout(this)
        form.orientation = LinearLayout.VERTICAL
        form.setPadding(48, 48, 48, 48)
        for (column in model.columns.all) {
            val label = TextView(this)
            label.text = column.name
            form.addView(label)
            val field = field(column)
            field.id = View.generateViewId()
            label.labelFor = field.id
            fields[column] = field
            form.addView(field)
        }
        val button = Button(this)
        button.text = "Predict"
        val result = TextView(this)
        result.textSize = 20f
        result.accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_POLITE
        button.setOnClickListener { result.text = predicted() }
        form.addView(button)
        form.addView(result)
        val scroll = ScrollView(this)
        scroll.fitsSystemWindows = true
        scroll.addView(form)
        setContentView(scroll)
    }

    override fun onDestroy() {
        super.onDestroy()
        if (this::model.isInitialized) model.close()
    }

    private fun predicted(): String {
        val values = HashMap<String, Any?>()
        for ((column, view) in fields) {
            try {
                values[column.name] = value(column, view)
            } catch (error: NumberFormatException) {
                return "${column.name}: expected a number"
            } catch (error: DateTimeParseException) {
                return "${column.name}: expected a date such as 2024-05-31 or 2024-05-31T18:30"
            }
        }
        return described(model.predict(Row.of(values)))
    }

    private fun field(column: Column): View {
        val choices =
            when (column.kind) {
                "boolean" -> listOf(UNKNOWN, "yes", "no")
                "category" -> listOf(UNKNOWN) + column.choices
                else -> null
            }
        if (choices != null) {
            val spinner = Spinner(this)
            val layout = android.R.layout.simple_spinner_dropdown_item
            spinner.adapter = ArrayAdapter(this, layout, choices)
            spinner.setSelection(if (column.kind == "category" && choices.size > 1) 1 else 0)
            return spinner
        }
        val edit = EditText(this)
        edit.hint = column.holds
        when (column.kind) {
            "number" -> edit.inputType = NUMBER
            "datetime" -> edit.inputType = InputType.TYPE_CLASS_DATETIME
            else -> edit.inputType = InputType.TYPE_CLASS_TEXT
        }
        edit.setText(usual(column))
        return edit
    }

    private fun usual(column: Column): String {
        val usual = column.usual ?: return ""
        if (column.kind == "datetime") {
            return LocalDateTime.of(1970, 1, 1, 0, 0).plusMinutes(Math.round(usual * 1440)).toString()
        }
        return if (column.integer) Math.round(usual).toString() else usual.toString()
    }

    private fun value(column: Column, view: View): Any? {
        if (view is Spinner) {
            val place = view.selectedItemPosition - 1
            if (column.kind == "boolean") return if (place < 0) null else place == 0
            return column.choices.getOrNull(place)
        }
        val text = (view as EditText).text.toString()
        if (column.kind == "text") return text
        val trimmed = text.trim()
        return when {
            trimmed.isEmpty() -> null
            column.kind == "number" -> trimmed.replace(',', '.').toDouble()
            else -> LocalDateTime.parse(if ('T' in trimmed) trimmed else trimmed + "T00:00")
        }
    }

    private fun described(prediction: Prediction): String =
        prediction.entries().joinToString("\n\n") { (name, value) ->
            when (value) {
                is Likely -> "$name: ${value.label}\n" + shares(value.probabilities)
                is Labels -> "$name: ${value.labels.joinToString()}\n" + shares(value.probabilities)
                else -> "$name: $value"
            }
        }

    private fun shares(probabilities: Map<String, Double>): String =
        probabilities.entries
            .sortedByDescending { it.value }
            .joinToString("\n") { "${it.key}: ${"%.1f".format(100 * it.value)} %" }

    private companion object {
        const val UNKNOWN = "unknown"
        const val NUMBER =
            InputType.TYPE_CLASS_NUMBER or
                InputType.TYPE_NUMBER_FLAG_DECIMAL or
                InputType.TYPE_NUMBER_FLAG_SIGNED
    }
}
