package @PACKAGE@

import android.view.ViewGroup
import android.widget.Button
import android.widget.TextView

/** Runs the sample's test, then shows the form and presses its button. */
fun main() {
    SampleTest().predictsTheSample()
    println("SAMPLE")
    val activity = MainActivity()
    activity.start()
    val form = (activity.content as ViewGroup).children[0] as ViewGroup
    form.children.filterIsInstance<Button>().single().let { it.clicked!!(it) }
    println("FORM " + (form.children.last() as TextView).text.toString().replace("\n", " | "))
    activity.stop()
}
